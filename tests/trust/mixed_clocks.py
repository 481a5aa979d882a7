"""Recordings of one machine whose clocks jump, stand, disagree or are missing, made one log.

    python -m tests.trust.mixed_clocks [CASES] [SEED]

prints what of the order of a file was lost, or not said, and the case in which it was.
"""

import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import accumulate, combinations, groupby
from pathlib import Path
from typing import Any, NamedTuple

from replay.events.event import Command, Event, Observation
from replay.formats.read import ImportOptions, read_joined

START = 1_793_498_400
"""The 1 November 2026, in the hour that New York has twice."""


class Said(NamedTuple):
    """A message: who sent it, when by the clock of its file, and what."""

    sender: str
    time: float | None
    msg: dict[str, Any]


class Joined(NamedTuple):
    """What a log has of its files: its messages in order, replies by command, and the remarks."""

    messages: Sequence[str]
    replies: dict[str, str | None]
    remarks: Sequence[str]


Clock = Callable[[random.Random, int], Iterator[float]]
Form = Callable[[Sequence[Said], random.Random], str]


def steady(chance: random.Random, count: int) -> Iterator[float]:
    """A clock that goes."""
    return accumulate((chance.choice((0.25, 1.0, 7.5)) for _ in range(count)), initial=START)


def standing(chance: random.Random, count: int) -> Iterator[float]:
    """A clock that tells whole minutes."""
    return (time // 60 * 60 for time in steady(chance, count))


def jumping(chance: random.Random, count: int) -> Iterator[float]:
    """A clock that is set, forth and back."""
    steps = (chance.choice((0.0, 0.5, -0.5, 3.0, -20.0, 3600.0, -3600.0)) for _ in range(count))
    return accumulate(steps, initial=START + chance.choice((0.0, -7200.0)))


def sinking(chance: random.Random, count: int) -> Iterator[float]:
    """A clock that goes back by less than anyone would tell, again and again."""
    return (START - 0.75 * number for number in range(count))


def wild(chance: random.Random, count: int) -> Iterator[float]:
    """A clock that tells anything that a time can be."""
    return (chance.choice((0.0, 1.0, START, 2.0**31, 2.0**33)) for _ in range(count))


CLOCKS: tuple[Clock, ...] = (steady, standing, jumping, sinking, wild)


def local(time: float, zone: timezone = UTC) -> datetime:
    """A time as a clock of a zone shows it."""
    return datetime.fromtimestamp(round(time, 3), zone)


def traffic(said: Sequence[Said], chance: random.Random) -> str:
    """QMP traffic with times and senders."""
    return lines({"t": it.time, "dir": it.sender, "msg": it.msg} for it in said)


def bare(said: Sequence[Said], chance: random.Random) -> str:
    """QMP messages alone, of which only notices tell a time."""
    return lines(it.msg for it in said)


def incus(said: Sequence[Said], chance: random.Random) -> str:
    """The log of Incus, with the offset of any zone."""
    words = {"C": "QUERY", "S": "REPLY"}
    return "".join(
        f"[{local(it.time or 0, any_zone(chance)).isoformat()}] "
        f"{'EVENT' if 'event' in it.msg else words[it.sender]}: {json.dumps(it.msg)}\n"
        for it in said
    )


def any_zone(chance: random.Random) -> timezone:
    """Summer and winter in New York, Kathmandu, and no offset at all."""
    return timezone(timedelta(minutes=chance.choice((-240, -300, 345, 0))))


def socat(said: Sequence[Said], chance: random.Random) -> str:
    """What socat prints of both ways."""
    return "".join(
        f"{'>' if it.sender == 'C' else '<'} {local(it.time or 0):%Y/%m/%d %H:%M:%S.%f}"
        f"  length=9 from=0 to=8\n{json.dumps(it.msg)}\n"
        for it in said
    )


def libvirtd(said: Sequence[Said], chance: random.Random) -> str:
    """The debug log of libvirt."""
    words = {"C": "SEND_MSG: mon=0x7f msg=", "S": "RECV_REPLY: mon=0x7f reply="}
    return "".join(
        f"{local(it.time or 0).isoformat(' ', 'milliseconds').replace('+00:00', '+0000')}: 1: "
        f"info : f:1 : QEMU_MONITOR_{words[it.sender]}{json.dumps(it.msg)}\n"
        for it in said
    )


def trace(said: Sequence[Said], chance: random.Random) -> str:
    """QEMU's own trace."""
    words = {"C": "handle_qmp_command mon 0x5 req: ", "S": "monitor_qmp_respond mon 0x5 resp: "}
    return "".join(
        f"1@{abs(it.time or 0):.6f}:{words[it.sender]}{json.dumps(it.msg)}\n" for it in said
    )


FORMS: tuple[Form, ...] = (traffic, incus, socat, libvirtd, trace)


def lines(values: Any) -> str:
    """Values as JSON, a line each."""
    return "".join(json.dumps(value) + "\n" for value in values)


def conversation(name: str, clock: Clock, chance: random.Random) -> list[Said]:
    """Commands with replies that tell to what they belong, now and then with a notice between."""
    messages: list[tuple[str, dict[str, Any]]] = (
        [("S", {"QMP": {}})] if chance.random() < 0.5 else []
    )
    for number in range(chance.randint(1, 6)):
        one = f"{name}{number}"
        messages += [("C", {"execute": one}), ("S", {"return": {"to": one}})]
        if chance.random() < 0.3:
            messages.insert(-1, ("S", {"event": f"{one}n", "data": {}}))
    times = clock(chance, len(messages))
    return [Said(sender, time, msg) for (sender, msg), time in zip(messages, times, strict=False)]


def joined(paths: Sequence[Path]) -> Joined:
    """The log that files make together."""
    (recording,) = read_joined(paths, ImportOptions(name="x"))
    events = [entry for entry in recording.entries if not isinstance(entry, Observation)]
    return Joined(
        [str(event.payload.name) for event in events if isinstance(event, Event)],
        {
            event.payload.name: (event.payload.reply or {}).get("return", {}).get("to")
            for event in events
            if isinstance(event.payload, Command)
        },
        recording.remarks,
    )


def broken(talks: Sequence[Sequence[Said]], files: Sequence[Path]) -> Iterator[str]:
    """What is not as it has to be of the log of these conversations."""
    log = joined(files)
    for talk in talks:
        names = [name for said in talk if (name := name_of(said.msg))]
        if [name for name in log.messages if name in names] != names:
            yield f"the order of a file: {names} in {log.messages}"
    if len(log.messages) != sum(name_of(said.msg) != "" for talk in talks for said in talk):
        yield f"each once: {log.messages}"
    wrong = {name: to for name, to in log.replies.items() if to != name}
    if wrong:
        yield f"replies of others: {wrong}"
    yield from unsaid(talks, files, log.remarks)
    if all(said.time is not None for talk in talks for said in talk):
        yield from out_of_time(talks, log.messages)


def name_of(msg: dict[str, Any]) -> str:
    """The name of a command or a notice, else nothing."""
    return str(msg.get("execute", msg.get("event", "")))


def unsaid(
    talks: Sequence[Sequence[Said]], files: Sequence[Path], remarks: Sequence[str]
) -> Iterator[str]:
    """Files whose clock goes back, or without times beside others that have them, untold."""
    for talk, file in zip(talks, files, strict=True):
        times = [said.time for said in talk if said.time is not None]
        latest = list(accumulate(times, max))
        goes_back = any(time < last - 1.01 for time, last in zip(times, latest, strict=True))
        if goes_back and not any("goes back" in it and str(file) in it for it in remarks):
            yield f"not said: the clock of {file.name} goes back: {remarks}"
    times = [said.time for talk in talks for said in talk]
    if None in times and not any("no time" in remark for remark in remarks):
        yield f"not said: there are messages without a time: {remarks}"


def out_of_time(talks: Sequence[Sequence[Said]], messages: Sequence[str]) -> Iterator[str]:
    """Messages of different files that stand against their times, though no own order asks it."""
    when: dict[str, tuple[int, float]] = {}
    for file, talk in enumerate(talks):
        latest = accumulate((said.time or 0.0 for said in talk), max)
        when |= {name_of(it.msg): (file, time) for it, time in zip(talk, latest, strict=True)}
    for one, other in combinations(messages, 2):
        (a, before), (b, after) = when[one], when[other]
        if a != b and after < before:
            yield f"time: {other} stands behind {one}"


def case(seed: str, place: Path) -> tuple[list[list[Said]], list[Path]]:
    """The conversations of a case, and the files of them; one of some cases tells no times."""
    chance = random.Random(seed)
    talks, paths = [], []
    for name in "abcd"[: chance.randint(2, 4)]:
        talk = conversation(name, chance.choice(CLOCKS), chance)
        form = chance.choice(FORMS) if chance.random() < 0.9 else bare
        if form is bare:
            talk = [said._replace(time=None) for said in talk]
        if form is traffic and chance.random() < 0.1:
            talk[-1] = talk[-1]._replace(time=None)
        path = place / f"{name}.log"
        path.write_text(form(talk, chance))
        talks.append(talk)
        paths.append(path)
    return talks, paths


def failures(cases: int, seed: int = 0) -> Iterator[str]:
    """What is wrong in so many cases, each with the case."""
    with tempfile.TemporaryDirectory() as place:
        for number in range(cases):
            talks, paths = case(f"{seed} {number}", Path(place))
            forward = list(broken(talks, paths))
            backward = list(broken(talks[::-1], paths[::-1]))
            for what, _ in groupby(sorted({*forward, *backward})):
                yield f"{seed} {number}: {what}"


if __name__ == "__main__":
    words = [int(word) for word in sys.argv[1:]]
    found = list(failures(*words or [1000]))
    print(*found, f"{len(found)} found", sep="\n")
    sys.exit(bool(found))
