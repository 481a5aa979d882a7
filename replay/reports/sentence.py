"""Saying an explanation in one sentence."""

from collections.abc import Iterable, Iterator

from replay.analysis.cause_chain import CauseLink
from replay.analysis.explain import Explanation
from replay.engine.places import EdgePlace, FieldPlace, FilePlace, MachinePlace, OutcomePlace
from replay.reports import words
from replay.series import Patch

VERBS = {"write": "wrote it", "swap": "exchanged it", "default": "made it with this default"}
HAD = {"write": "had written", "swap": "had exchanged", "default": "had made"}
EXISTENCE = {"exists": "exists", "unlinked": "is unlinked", "absent": "does not exist"}
CALLS = {
    "present": "made it",
    "exists": "made it",
    "unlinked": "unlinked it",
    "refused": "refused it",
}


def sentence(explanation: Explanation) -> str:
    """What is so, since when, who did it, and where it came from."""
    told = f"{_state(explanation)}{_since(explanation)}"
    clauses = list(_clauses(explanation))
    if explanation.about:
        clauses.insert(0, explanation.about)
    return f"{told}: {'; '.join(clauses)}." if clauses else f"{told}."


def _state(it: Explanation) -> str:
    path, name, is_there = (
        words.escape(it.place.path),
        words.escape(words.place(it.place)),
        it.value != "absent",
    )
    match it.place:
        case OutcomePlace() | MachinePlace():
            event = words.event(it.trace.steps[it.seq - 1].event.payload)
            done = it.trace.steps[it.seq - 1].outcome
            return f"#{it.seq} {event} {words.outcome(done.status, done.value, done.error)}"
        case FilePlace(field="existence"):
            return f"{name} {EXISTENCE[it.value]}"
        case FilePlace() as place:
            return f"{name} is {words.of_field(place)(it.value) if is_there else it.value}"
        case FieldPlace(flag=flag) if flag and isinstance(it.value, bool):
            return f"{flag} is {'set' if it.value else 'not set'} on {path} ({it.place.field})"
        case FieldPlace() if is_there:
            return f"{name} is {words.value(it.value)}"
        case EdgePlace() if is_there:
            is_own = it.value == it.place.path
            return f"{path} is {'a node of its own' if is_own else words.escape(it.value)}"
        case _:
            return f"{path} is {'there' if it.value == 'present' else 'not there'}"


def _is_outcome(it: Explanation) -> bool:
    return isinstance(it.place, OutcomePlace | MachinePlace)


def _since(it: Explanation) -> str:
    return "" if _is_outcome(it) else f" since #{it.since}"


def _clauses(it: Explanation) -> Iterator[str]:
    effect = next((link for link in it.links if link.kind in (*VERBS, "call")), None)
    if _status(it) == "crashed" and it.links:
        failed = it.links[0]
        yield f"{failed.function} failed at `{failed.text}`{_by(failed)}"
        if effect is not None and effect.path:
            yield _did(effect, it, f"{HAD[effect.kind]} {words.escape(effect.path)}")
    elif effect is not None and (effect.function or it.value != "absent"):
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


def _status(it: Explanation) -> str:
    """How the event ended that the chain is about the outcome of; "" if it is about none."""
    return it.trace.steps[it.ended - 1].outcome.status if it.ended else ""


def _verb(effect: CauseLink, it: Explanation) -> str:
    if effect.kind != "call":
        gone = it.value == "absent" and effect.kind == "write"
        return "took it away" if gone else VERBS[effect.kind]
    if it.ended:
        return CALLS.get(_status(it), "wrote it")
    if it.place.field not in ("", "existence") and it.value != "absent":
        return "wrote it"
    return CALLS.get(str(it.value), "took it away")


def _condition(it: Explanation) -> CauseLink | None:
    """Of a file the nearest condition; of an outcome the deepest that its own event came to."""
    if not _is_outcome(it):
        return _first(it.links, "condition")
    found = None
    for link in it.links:
        if link.kind in ("write", "swap", "default") or link.seq != it.seq:
            break
        found = link if link.kind == "condition" else found
    return found


def _did(link: CauseLink, it: Explanation, verb: str) -> str:
    if not link.function:
        return "it is as it was made"
    at = "" if link.seq in (it.since, 0) else f" at #{link.seq}"
    return f"{link.function} {verb}{at}{_by(link)}"


def _by(link: CauseLink) -> str:
    """Whose line it is."""
    if not link.patches:
        return " (base)"
    first, *earlier = map(short, link.patches)
    return f" ({first}, carrying on a line of {earlier[-1]})" if earlier else f" ({first})"


def short(patch: Patch) -> str:
    """What a patch is called in a line: a sha of 8 digits, or its name if it has none."""
    return patch.sha[:8] or words.escape(patch.name)


def _first(links: Iterable[CauseLink], kind: str) -> CauseLink | None:
    return next((link for link in links if link.kind == kind), None)
