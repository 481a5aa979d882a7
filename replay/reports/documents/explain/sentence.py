"""An explanation in a sentence: what is so, which event and function did it, and why."""

from collections.abc import Iterable, Iterator

from replay.analysis.cause_chain import CauseLink
from replay.analysis.explain import Explanation
from replay.engine.places import (
    EdgePlace,
    FieldPlace,
    FilePlace,
    MachinePlace,
    OutcomePlace,
)
from replay.engine.trace import ModelTrace
from replay.events.event import Image
from replay.reports import words
from replay.reports.documents.graph import file_of_long
from replay.series import Patch

VERBS = {"write": "wrote it", "swap": "exchanged it", "default": "made it with this default"}
HAD = {"write": "had written", "swap": "had exchanged", "default": "had made"}
EXISTENCE = {"exists": "exists", "unlinked": "is unlinked", "absent": "does not exist"}
CALLS = {"present": "made it", "absent": "freed it"}
"""What a call did to a node that is there then, or is not."""


def sentence(explanation: Explanation) -> str:
    """The event that did it, what is so, which function did it, and where it came from."""
    clauses = [*_clauses(explanation)]
    if explanation.about:
        clauses.insert(0, explanation.about)
    if _is_outcome(explanation):
        lead, colon = _state(explanation), ": "
    else:
        lead, colon = _with_event(explanation), "; "
        if _is_made_or_unlinked(explanation):
            lead, colon = _event(explanation), ": "
    return f"{lead}{colon if clauses else ''}{'; '.join(clauses)}."


LONGEST_EVENT = 120
"""Of a command with more arguments the rest is cut, so that what it did is still in view."""


def _with_event(why: Explanation) -> str:
    """The state after the event that did it; without one where nothing did it."""
    seq = _acting(why)
    since = "" if seq == why.since else f" since #{why.since}"
    return f"{_event(why)}: {_state(why)}{since}" if seq else f"{_state(why)}{since}"


def _event(why: Explanation) -> str:
    """The event that did it, with its command."""
    seq = _acting(why)
    payload = why.trace.steps[seq - 1].event.payload
    text = f"image {words.escape(payload.name)}" if isinstance(payload, Image) else None
    text = text or words.event(payload)
    if len(text) > LONGEST_EVENT:
        text = f"{text[: LONGEST_EVENT - 3].rpartition(' ')[0]} ..."
    return f"#{seq} {text}"


def _acting(why: Explanation) -> int:
    """The event that did it, 0 if none did."""
    if _is_outcome(why):
        return why.since
    if why.ended:
        return why.ended
    effect = _effect(why)
    if effect is not None:
        return effect.seq
    return next((link.seq for link in why.links if link.seq == why.since), 0)


def _effect(why: Explanation) -> CauseLink | None:
    return next((link for link in why.links if link.kind in (*VERBS, "call")), None)


def _is_made_or_unlinked(why: Explanation) -> bool:
    """Whether the first clause says what is so: a call made or unlinked the file."""
    effect = _effect(why)
    is_existence = isinstance(why.place, FilePlace) and why.place.field == "existence"
    return is_existence and effect is not None and effect.kind == "call" and not why.ended


def _state(why: Explanation) -> str:
    path = path_in(why.place.path, why.trace, why.seq)
    name = words.path(words.place(why.place)) + path.removeprefix(words.path(why.place.path))
    is_there = why.value != "absent"
    match why.place:
        case OutcomePlace() | MachinePlace():
            event = words.event(why.trace.steps[why.seq - 1].event.payload)
            done = why.trace.steps[why.seq - 1].outcome
            return f"#{why.seq} {event} {words.outcome(done.status, done.value, done.error)}"
        case FilePlace(field="existence"):
            return f"{name} {EXISTENCE[why.value]}"
        case FilePlace() as place:
            return f"{name} is {words.of_field(place)(why.value) if is_there else why.value}"
        case FieldPlace(flag=flag) if flag and isinstance(why.value, bool):
            return f"{flag} is {'set' if why.value else 'not set'} on {path} ({why.place.field})"
        case FieldPlace() if is_there:
            return f"{name} is {words.value(why.value)}"
        case EdgePlace() if is_there:
            is_own = why.value == why.place.path
            return f"{path} is {'a node of its own' if is_own else words.escape(why.value)}"
        case _:
            return f"{path} is {'there' if why.value == 'present' else 'not there'}"


def _is_outcome(why: Explanation) -> bool:
    return isinstance(why.place, OutcomePlace | MachinePlace)


def _clauses(why: Explanation) -> Iterator[str]:
    effect = _effect(why)
    if _status(why) == "crashed" and why.links:
        failed = why.links[0]
        yield f"{failed.function} failed at `{failed.text}`{_by(failed)}"
        if effect is not None and effect.path:
            yield _did(effect, why, f"{HAD[effect.kind]} {words.path(effect.path)}")
    elif effect is not None and (effect.function or why.value != "absent"):
        yield _did(effect, why, _verb(effect, why))
    skipped = _first(why.links, "skipped")
    if skipped is not None:
        yield f"{skipped.function} did not set it again: `{skipped.text}`{_by(skipped)}"
    elif effect is None or effect.kind == "call":
        condition = _condition(why)
        if condition is not None:
            yield f"because of `{condition.text}` in {condition.function}{_by(condition)}"
    swap = _first(why.links, "swap")
    if swap is not None and swap is not effect:
        yield _did(swap, why, "had exchanged the contents")
    flag = next((link for link in why.links if link.flag), None)
    if flag is not None:
        yield _did(flag, why, f"had {'set' if flag.kind == 'set' else 'cleared'} {flag.flag}")
    elif (image := _first(why.links, "image")) is not None:
        yield "it came with the image" + ("" if image.seq == _acting(why) else f" #{image.seq}")


def _status(why: Explanation) -> str:
    """How the event ended that the chain is about the outcome of; "" if it is about none."""
    return why.trace.steps[why.ended - 1].outcome.status if why.ended else ""


def _verb(effect: CauseLink, why: Explanation) -> str:
    """What a call did to the thing; a write only writes, also where the thing is then gone."""
    if effect.kind == "write" and why.value == "absent":
        return "set it to none" if effect.path == why.place.path else f"wrote {effect.path}"
    if effect.kind != "call":
        return VERBS[effect.kind]
    if why.ended:
        return "refused it" if _status(why) == "refused" else "wrote it"
    if _is_made_or_unlinked(why):
        name = words.path(words.place(why.place))
        return f"{'made' if why.value == 'exists' else 'unlinked'} {name}"
    if isinstance(why.place, FilePlace):
        return "unlinked it" if why.value == "absent" else "wrote it"
    return CALLS.get(str(why.value), "wrote it")


def _condition(why: Explanation) -> CauseLink | None:
    """Of a file the nearest condition; of an outcome the deepest that its own event came to."""
    if not _is_outcome(why):
        return _first(why.links, "condition")
    deepest = None
    for link in why.links:
        if link.kind in ("write", "swap", "default") or link.seq != why.seq:
            break
        deepest = link if link.kind == "condition" else deepest
    return deepest


def _did(link: CauseLink, why: Explanation, verb: str) -> str:
    if not link.function:
        return "it is as it was made"
    when = "" if link.seq in (_acting(why), 0) else f" at #{link.seq}"
    return f"{link.function} {verb}{when}{_by(link)}"


def _by(link: CauseLink) -> str:
    """Whose line it is."""
    if not link.patches:
        return " (base)"
    first, *earlier = map(_author, link.patches)
    return f" ({first}, carrying on a line of {earlier[-1]})" if earlier else f" ({first})"


def _author(patch: Patch) -> str:
    """A patch in a sentence: a commit by its sha, a group also by its name."""
    if patch.commits:
        return f"{short(patch)} {words.escape(patch.group)}, {len(patch.commits) + 1} commits"
    return short(patch)


def short(patch: Patch) -> str:
    """What a patch is called in a line: a sha of 8 digits, or its name if it has none."""
    return patch.sha[:8] or words.escape(patch.name)


def _first(links: Iterable[CauseLink], kind: str) -> CauseLink | None:
    return next((link for link in links if link.kind == kind), None)


def path_in(path: str, trace: ModelTrace, seq: int) -> str:
    """A path, or the path of a field; with the file of the node if it is long."""
    config = trace.variant.subject.config
    views = [trace.view_at(seq - 1)] if seq else []
    file = file_of_long(path, views, config) or file_of_long(path.rpartition(".")[0], views, config)
    return words.path(path) + (f" [{words.escape(file)}]" if file else "")
