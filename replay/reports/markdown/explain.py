"""Explanations as Markdown."""

from collections.abc import Iterator, Sequence

from replay.reports import words
from replay.reports.documents.explain.explain import ExplainReport, ValueReport, shared_links
from replay.reports.markdown.markup import code, header, limited, patch_name, prose


def explain(report: ExplainReport) -> str:
    """For each thing a sentence and its chain of causes, then the patches that are named."""
    lines = [*header(report.log, report.variants)]
    for values in report.values:
        lines += ["", *_explained(values)]
    if report.patches:
        lines += ["", "### Patches", "", *(f"- {patch_name(patch)}" for patch in report.patches)]
    return "\n".join(limited(lines, "lines")) + "\n"


def _explained(values: Sequence[ValueReport]) -> Iterator[str]:
    shared = shared_links(values) if len(values) > 1 else 0
    own = [value.lines[: len(value.lines) - shared] for value in values]
    if not any(own) and len({value.sentences for value in values}) == 1:
        yield from _sentences(values[0], words.listing([value.variant for value in values]))
        yield from _chain(values[0].lines)
        return
    for value, lines in zip(values, own, strict=True):
        yield from _sentences(value, value.variant)
        yield from _chain(lines)
        yield ""
    if shared:
        yield "In both:"
        yield from _chain(values[0].lines[-shared:])


def _sentences(value: ValueReport, name: str) -> Iterator[str]:
    """The sentences, each a paragraph, and when their events were recorded."""
    for number, sentence in enumerate(value.sentences):
        yield from [""] * bool(number)
        yield f"**{code(name)}: {prose(sentence)}**"
    for when in value.whens:
        yield from ("", f"{prose(when)}.")


def _chain(lines: Sequence[str]) -> Iterator[str]:
    """A numbered list from the effect back."""
    if lines:
        yield ""
    yield from (f"{number}. {code(line)}" for number, line in enumerate(lines, 1))
