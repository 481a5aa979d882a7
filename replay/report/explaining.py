"""What there is to tell of explanations, and their text and JSON."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from replay.chains import Link
from replay.explain import Explanation
from replay.places import spelled
from replay.report import FORMAT_VERSION, LogId, VariantId, log_id, log_json, variant_id, words
from replay.report.page import block, header
from replay.series import Patch

KINDS = {"copy": "", "condition": "because", "skipped": "skips", "default": "default"}
VERBS = {"write": "wrote it", "swap": "exchanged it", "default": "made it with this default"}
CALLS = {"exists": "made it", "unlinked": "unlinked it", "refused": "refused it"}


class ExplainReport(Struct, frozen=True):
    """Explanations of one thing, or of each flag of a bit field, in one variant or in two."""

    log: LogId
    variants: tuple[VariantId, ...]
    explained: tuple[tuple[Explanation, ...], ...]


def explain_report(explained: Sequence[Sequence[Explanation]]) -> ExplainReport:
    """The report of explanations; each sequence has one for each variant."""
    first = explained[0]
    return ExplainReport(
        log=log_id(first[0].trace),
        variants=tuple(variant_id(it.trace) for it in first),
        explained=tuple(map(tuple, explained)),
    )


# Sentences


def sentence(explanation: Explanation) -> str:
    """What is so, since when, who did it, and where it came from."""
    told = f"{_state(explanation)}{_since(explanation)}"
    clauses = list(_clauses(explanation))
    if explanation.about:
        clauses.insert(0, explanation.about)
    return f"{told}: {'; '.join(clauses)}." if clauses else f"{told}."


def _state(it: Explanation) -> str:
    kind, path, field = it.target.place
    if kind == "outcome":
        event = words.event(it.trace.steps[it.seq - 1].event.payload)
        done = it.trace.steps[it.seq - 1].outcome
        return f"#{it.seq} {event} {words.outcome(done.status, done.value, done.error)}"
    if kind == "file" and field != "existence":
        told = words.of_field(it.target.place)(it.value) if it.value != "absent" else it.value
        return f"{field} of the file {words.escape(path)} is {told}"
    if kind == "file":
        states = {"exists": "exists", "unlinked": "is unlinked", "absent": "does not exist"}
        return f"the file {words.escape(path)} {states[it.value]}"
    if it.target.flag and isinstance(it.value, bool):
        on = "set" if it.value else "not set"
        return f"{it.target.flag} is {on} on {words.escape(path)} ({field})"
    if kind == "field" and it.value != "absent":
        return f"{words.escape(spelled(it.target))} is {words.value(it.value)}"
    return f"{words.escape(path)} is {'there' if it.value == 'present' else 'not there'}"


def _since(it: Explanation) -> str:
    return "" if it.target.place.kind == "outcome" else f" since #{it.since}"


def _clauses(it: Explanation) -> Iterator[str]:
    effect = next((link for link in it.links if link.kind in (*VERBS, "call")), None)
    if effect is not None:
        yield _did(effect, it, _verb(effect, it))
    skipped = _first(it.links, "skipped")
    if skipped is not None:
        yield f"{skipped.function} did not set it again: `{skipped.text}`{_by(skipped)}"
    elif effect is None or effect.kind == "call":
        condition = _condition(it)
        if condition is not None:
            yield f"because of `{condition.text}` in {condition.function}{_by(condition)}"
    swap = _first(it.links, "swap")
    if swap is not None and swap is not effect:
        yield _did(swap, it, "had exchanged the contents")
    flag = next((link for link in it.links if link.flag), None)
    if flag is not None:
        yield _did(flag, it, f"had {'set' if flag.kind == 'set' else 'cleared'} {flag.flag}")
    elif (image := _first(it.links, "image")) is not None:
        yield f"it came with the image, event #{image.seq}"


def _verb(effect: Link, it: Explanation) -> str:
    if effect.kind != "call":
        gone = it.value == "absent" and effect.kind == "write"
        return "took it away" if gone else VERBS[effect.kind]
    if it.target.place.kind == "outcome":
        return CALLS.get(it.trace.steps[it.seq - 1].outcome.status, "wrote it")
    if it.target.place.field not in ("", "existence") and it.value != "absent":
        return "wrote it"
    return CALLS.get(str(it.value), "took it away")


def _condition(it: Explanation) -> Link | None:
    """Of a file the nearest condition; of an outcome the deepest that its own event came to."""
    if it.target.place.kind != "outcome":
        return _first(it.links, "condition")
    found = None
    for link in it.links:
        if link.kind in ("write", "swap", "default") or link.seq != it.seq:
            break
        found = link if link.kind == "condition" else found
    return found


def _did(link: Link, it: Explanation, verb: str) -> str:
    if not link.function:
        return "it is as it was made"
    at = "" if link.seq in (it.since, 0) else f" at #{link.seq}"
    return f"{link.function} {verb}{at}{_by(link)}"


def _by(link: Link) -> str:
    """Whose line it is."""
    if not link.patches:
        return " (base)"
    first, *earlier = map(_short, link.patches)
    return f" ({first}, carrying on a line of {earlier[-1]})" if earlier else f" ({first})"


def _short(patch: Patch) -> str:
    return patch.sha[:8] or words.escape(patch.name)


def _first(links: Iterable[Link], kind: str) -> Link | None:
    return next((link for link in links if link.kind == kind), None)


# Text


def text(report: ExplainReport) -> str:
    """For each thing a sentence, then its chain of causes; of two variants side by side."""
    lines = [*header(report.log, report.variants)]
    for explanations in report.explained:
        lines.append("")
        several = len(explanations) > 1
        for it in explanations:
            lead = f"{words.escape(it.trace.variant.name)}: " if several else ""
            lines += block(lead, words.escape(sentence(it)), hang=-len(lead))
        shared = _shared(explanations)
        for it in explanations:
            own = it.links[: len(it.links) - shared]
            if several:
                lines += ["", f"{words.escape(it.trace.variant.name)}"]
            parting = (len(own) if shared else 1) if several else 0
            lines += ["", *_links(own, it, parting)]
        if shared and several:
            lines += ["", "both", "", *_links(explanations[0].links[-shared:], explanations[0])]
    legend = list(_legend(report))
    return "\n".join([*lines, *(["", "patches", *legend] if legend else [])]) + "\n"


def _shared(explanations: Sequence[Explanation]) -> int:
    """How many links at the origin two chains have in common; none for a single one."""
    if len(explanations) < 2:
        return 0
    one, other = ([link.cause for link in it.links[::-1]] for it in explanations[:2])
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _links(links: Sequence[Link], it: Explanation, parting: int = 0) -> Iterator[str]:
    """From the effect back; the one where it parts from the other variant is marked."""
    for number, link in enumerate(links, 1):
        mark = ">" if number == parting else " "
        yield from block(f"{mark} ", cause(link, it), hang=4)


def cause(link: Link, it: Explanation) -> str:
    """A link of the chain in a line: event, patch, statement and where it stands."""
    if link.kind == "event":
        return f"#{link.seq} event: {words.event(it.trace.steps[link.seq - 1].event.payload)}"
    if link.kind == "image":
        return f"#{link.seq} image {words.escape(link.path)}"
    if not link.line:
        return f"{words.escape(link.path)} as it was made"
    verb = KINDS.get(link.kind, f"{link.kind}s")
    about = " ".join(word for word in (verb, link.flag, words.escape(link.path)) if word)
    where = f"{link.function} {link.file}:{link.line}"
    patch = _short(link.patches[0]) if link.patches else "base"
    told = f"#{link.seq} {patch:8} {where}: {words.escape(link.text)}"
    return f"{told}  [{about}]" if about else told


def _legend(report: ExplainReport) -> Iterator[str]:
    """Every patch that is named, once."""
    seen: dict[str, Patch] = {}
    for explanations in report.explained:
        for it in explanations:
            for link in it.links:
                seen |= {patch.name: patch for patch in link.patches}
    for patch in seen.values():
        day = " ".join(patch.date.partition(",")[2].split()[:3])
        told = "  ".join(word for word in (_short(patch), day, patch.subject) if word)
        yield from block("  ", words.escape(told), hang=4)


# JSON


def json(report: ExplainReport) -> str:
    """All explanations as an object."""
    document = {
        "format_version": FORMAT_VERSION,
        "log": log_json(report.log),
        "variants": report.variants,
        "explanations": [[_json(it) for it in several] for several in report.explained],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _json(it: Explanation) -> dict[str, Any]:
    return {
        "variant": it.trace.variant.name,
        "about": spelled(it.target),
        "seq": it.seq,
        "since": it.since,
        "value": it.value,
        "sentence": sentence(it),
        "links": [_link_json(link) for link in it.links],
    }


def _link_json(link: Link) -> dict[str, Any]:
    fields = ("seq", "kind", "path", "flag", "function", "file", "line", "text")
    told = {field: getattr(link, field) for field in fields}
    patches = [{"sha": it.sha, "date": it.date, "subject": it.subject} for it in link.patches]
    return told | {"patches": patches}
