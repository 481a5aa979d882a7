"""Digests of the states that several variants are in: equal for those that are alike but in names.

Objects are numbered as they are reached from the machine, so that it does not count how many there
were before. Of interchangeable names the one whose file was made first comes first.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from replay.state.disk import Disk, Inode
from replay.state.objects import FrozenMap, Object, Ref, State, Value

Groups = Sequence[Sequence[str]]
"""Names that are interchangeable, group by group."""

SIZE = 16
"""Bytes of a digest: among a billion states two differing ones of one digest are out of reach."""

_REF = re.compile(r"\x00(\d+);")
"""How a reference stands in a text; no text of a model can hold it, since its repr is used."""


def joint_text(states: Iterable[State]) -> str:
    """All that counts of the states, with names as they are."""
    return "\x01".join(map(_state_text, states))


def joint_digest(states: Sequence[State], groups: Groups, text: str | None = None) -> bytes:
    """The digest of the states; `text` is their joint text if that is known."""
    joint = joint_text(states) if text is None else text
    renaming = _renaming(states, groups, joint)
    if renaming:
        words = "|".join(map(re.escape, renaming))
        joint = re.sub(rf"(?:{words})(?![\w.-])", lambda match: renaming[match[0]], joint)
    return blake2b(joint.encode(), digest_size=SIZE).digest()


def absent_names(text: str, groups: Groups) -> frozenset[str]:
    """Of each group the names that a joint text lacks, but the first of those."""
    absent = ([name for name in group if name not in text] for group in groups)
    return frozenset(name for names in absent for name in names[1:])


def _renaming(states: Sequence[State], groups: Groups, text: str) -> dict[str, str]:
    """What becomes of interchangeable names; nothing if they are in order already."""
    renaming: dict[str, str] = {}
    for group in groups:
        ages = _ages(states, group)
        present = [name for name in group if name in text]
        ordered = sorted(present, key=lambda name: (ages.get(name, ()), group.index(name)))
        renaming |= dict(zip(ordered, group, strict=False))
    return renaming if any(old != new for old, new in renaming.items()) else {}


def _ages(states: Sequence[State], group: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The numbers of the inodes that each name has had, state by state."""
    ages: dict[str, tuple[int, ...]] = {}
    for state in states:
        for name, number in (*state.disk.directory, *state.disk.gone):
            if name in group:
                ages[name] = (*ages.get(name, ()), number)
    return ages


# States are interned, and each is met many times: as it is reached, compared and gone on from.
@lru_cache(maxsize=1 << 16)
def _state_text(state: State) -> str:
    parts = {thing.id: _object_text(thing) for thing in state.objects}
    numbers = {str(id): at for at, id in enumerate(_reached(state, parts))}
    whole = "".join(f"\n{numbers[str(id)]}:{parts[id].text}" for id in map(int, numbers))
    linked = _REF.sub(lambda match: f"\x00{numbers.get(match[1], 'gone')};", whole)
    return linked + _disk_text(state.disk)


def _reached(state: State, parts: dict[int, "_Part"]) -> list[int]:
    """The ids of the objects, as they are reached from the machine, then from loose ones.

    Of those the order of ids says only when each was made; they are taken by what they are.
    """
    order: dict[int, None] = {}
    loose = sorted(parts, key=lambda id: (_REF.sub("", parts[id].text), id), reverse=True)
    stack = loose if state.machine is None else [*loose, state.machine]
    while stack:
        id = stack.pop()
        if id not in order:
            order[id] = None
            stack.extend(ref for ref in reversed(parts[id].refs) if ref in parts)
    return [*order]


class _Part(NamedTuple):
    """An object's text, and the ids that it refers to, in their order."""

    text: str
    refs: tuple[int, ...]


@lru_cache(maxsize=1 << 16)
def _object_text(thing: Object) -> _Part:
    text = thing.cls + "".join(f",{name}={_value(value)}" for name, value in thing.fields)
    return _Part(text, tuple(int(match[1]) for match in _REF.finditer(text)))


def _value(value: Value) -> str:
    if isinstance(value, Ref):
        return f"\x00{value.id};"
    if isinstance(value, tuple):
        return f"[{','.join(map(_value, value))}]"
    if isinstance(value, FrozenMap):
        return f"{{{','.join(f'{_value(key)}:{_value(item)}' for key, item in value.items())}}}"
    return repr(value)


@lru_cache(maxsize=1 << 16)
def _disk_text(disk: Disk) -> str:
    """Names stand by the number of what they mean, since their own order is that of names."""
    names = (sorted(pairs, key=lambda pair: pair[::-1]) for pairs in (disk.directory, disk.gone))
    inodes = "".join(map(_inode_text, disk.inodes))
    return f"{inodes}\n{[*names]!r} {disk.temporaries} {disk.home!r}"


@lru_cache(maxsize=1 << 16)
def _inode_text(inode: Inode) -> str:
    runs = [(extent.start, extent.end, extent.pattern) for extent in inode.extents]
    header = (inode.number, inode.format, inode.size, inode.backing_file, inode.backing_format)
    return f"\n{header!r}{runs!r}"
