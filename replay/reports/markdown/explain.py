"""Explanations as Markdown."""

from collections.abc import Iterator, Sequence

from replay.reports import words
from replay.reports.documents.explain import ExplainReport, ExplanationReport, shared_links
from replay.reports.markdown.markup import code, header, limited, patch_name, prose


def explain(report: ExplainReport) -> str:
    """For each thing a sentence and its chain of causes, then the patches that are named."""
    lines = [*header(report.log, report.variants)]
    for explanations in report.explained:
        lines += ["", *_explained(explanations)]
    if report.patches:
        lines += ["", "### Patches", "", *(f"- {patch_name(patch)}" for patch in report.patches)]
    return "\n".join(limited(lines, "lines")) + "\n"


def _explained(explanations: Sequence[ExplanationReport]) -> Iterator[str]:
    shared = shared_links(explanations) if len(explanations) > 1 else 0
    own = [e.lines[: len(e.lines) - shared] for e in explanations]
    if not any(own) and len({e.sentence for e in explanations}) == 1:
        names = words.listing([e.variant for e in explanations])
        yield f"**{code(names)}: {prose(explanations[0].sentence)}**"
        yield from _when(explanations[0])
        yield from _chain(explanations[0].lines)
        return
    for explanation, lines in zip(explanations, own, strict=True):
        yield f"**{code(explanation.variant)}: {prose(explanation.sentence)}**"
        yield from _when(explanation)
        yield from _chain(lines)
        yield ""
    if shared:
        yield "In both:"
        yield from _chain(explanations[0].lines[-shared:])


def _when(explanation: ExplanationReport) -> Iterator[str]:
    if explanation.when:
        yield from ("", f"{prose(explanation.when)}.")


def _chain(lines: Sequence[str]) -> Iterator[str]:
    """A numbered list from the effect back."""
    if lines:
        yield ""
    yield from (f"{number}. {code(line)}" for number, line in enumerate(lines, 1))
