"""A hunt in a file: its frontier, the states that it met and what it found, to go on from.

A line of JSON says what the hunt is about and how much of everything follows. Then come, start by
start, the digests of joint states, sorted; the sequences of the frontier, two bytes a step; and the
findings, each with its length before it. A state takes 16 bytes and 2 for each step, no more.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from replay.analysis.search.hunt import Levels
from replay.analysis.search.joint_state import SIZE
from replay.analysis.search.level import Counts, Ground, Level, Walk
from replay.errors import BadInput
from replay.variants.alphabet import Alphabet

VERSION = 1


class HuntId(Struct, frozen=True):
    """What a hunt is about; only the same one can go on."""

    variants: tuple[str, ...]
    alphabet: str
    goal: str


class _Part(Struct, frozen=True):
    """How much there is of one start."""

    depth: int
    frontier: int
    states: int
    findings: int
    counts: Counts


class _Header(Struct, frozen=True):
    replay_hunt: int
    id: HuntId
    starts: tuple[_Part, ...]


def hunt_id(grounds: Sequence[Ground], alphabet: Alphabet) -> HuntId:
    """What a hunt over these grounds is about."""
    first = grounds[0]
    digests = tuple(variant.digest for variant in first.variants)
    return HuntId(digests, alphabet.digest, first.goal.words)


def encoded(id: HuntId, levels: Levels) -> Iterator[bytes]:
    """The file of a hunt that stands there; all its levels are complete."""
    parts = tuple(
        _Part(it.depth, len(it.frontier), len(it.states), len(it.findings), it.counts)
        for it in levels
    )
    yield msgspec.json.encode(_Header(VERSION, id, parts)) + b"\n"
    for level in levels:
        yield from sorted(level.states)
        yield from (_packed(walk) for walk in level.frontier)
        yield from (struct.pack("<H", len(walk)) + _packed(walk) for walk in level.findings)


def decoded(content: bytes, id: HuntId, grounds: Sequence[Ground], where: str) -> Levels:
    """Where the hunt in a file stands.

    Raises BadInput for a file that is none, that is damaged, or of another hunt.
    """
    line, _, rest = content.partition(b"\n")
    try:
        header = msgspec.json.decode(line, type=_Header)
    except msgspec.MsgspecError:
        raise BadInput("is no hunt that can go on", where=where, do="name another file") from None
    if header.replay_hunt != VERSION:
        raise BadInput("is the hunt of another version of replay", where=where)
    if header.id != id or len(header.starts) != len(grounds):
        do = "name the same variants, goal and alphabet, or another file"
        raise BadInput("is a hunt that is about something else", where=where, do=do)
    reader = _Reader(rest, where)
    levels = tuple(
        _level(number, part, reader, grounds[number]) for number, part in enumerate(header.starts)
    )
    reader.end()
    return levels


def _packed(walk: Walk) -> bytes:
    return struct.pack(f"<{len(walk)}H", *walk)


def _level(number: int, part: _Part, reader: "_Reader", it: Ground) -> Level:
    states = frozenset(reader.take(SIZE) for _ in range(part.states))
    most = len(it.steps)
    frontier = tuple(reader.walk(part.depth, most) for _ in range(part.frontier))
    most += len(it.probes)
    findings = tuple(reader.walk(reader.number(), most) for _ in range(part.findings))
    return Level(number, part.depth, frontier, states, findings, part.counts)


class _Reader:
    """The binary part of the file, as far as it was read."""

    def __init__(self, content: bytes, where: str) -> None:
        self._content, self._at, self._where = content, 0, where

    def take(self, size: int) -> bytes:
        """The next bytes. Raises BadInput if there are not so many."""
        self._at += size
        if size < 0 or self._at > len(self._content):
            raise self._damaged()
        return self._content[self._at - size : self._at]

    def number(self) -> int:
        """The next number."""
        (number,) = struct.unpack("<H", self.take(2))
        return int(number)

    def walk(self, length: int, most: int) -> Walk:
        """The next sequence, of steps below `most`."""
        numbers: tuple[Any, ...] = struct.unpack(f"<{length}H", self.take(2 * length))
        if any(number >= most for number in numbers):
            raise self._damaged()
        return numbers

    def end(self) -> None:
        """Raises BadInput if there is more."""
        if self._at != len(self._content):
            raise self._damaged()

    def _damaged(self) -> BadInput:
        return BadInput("is damaged", where=self._where, do="start the hunt anew")
