"""Which flags differ on which node of a chain, variant by variant."""

from collections import deque
from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from replay.engine.compared import compared_views
from replay.engine.diff import Diff, Divergence
from replay.engine.node_paths import NodePath
from replay.engine.places import FieldPlace
from replay.engine.view import flag_names
from replay.variants.subject import BitFields


class FlagRow(Struct, frozen=True):
    """One node: the flags set in each variant that has it, and those that differ, by interest.

    `divergence` is the one that the node has there; None if it does not differ.
    """

    path: str
    set_in: Mapping[str, tuple[str, ...]]
    differing: tuple[str, ...]
    divergence: Divergence | None

    @property
    def common(self) -> tuple[str, ...]:
        """What is set in every variant that has the node, by name."""
        first, *_ = self.set_in.values()
        return tuple(sorted(set(first) - set(self.differing)))


class FlagTable(Struct, frozen=True):
    """Nodes of one root after the event `seq`, in walking order."""

    field: str
    root: str
    seq: int
    variants: tuple[str, ...]
    rows: tuple[FlagRow, ...]


def flag_tables(diff: Diff, bits: BitFields) -> Iterator[FlagTable]:
    """A table for each root and event at which divergences of a bit field begin.

    The first one of a root has all its nodes, the next ones those that begin to differ there.
    """
    whole: set[tuple[str, str]] = set()
    emitted: set[tuple[str, str, int]] = set()
    standing = _Standing(diff, bits)
    for divergence in diff.divergences:
        if first_bit(divergence, bits) is None:
            continue
        seq, field, root = divergence.first_seq, divergence.place.field, _root(diff, divergence)
        if (field, root, seq) in emitted:
            continue
        emitted.add((field, root, seq))
        table = _table(diff, seq, field, root, bits[field], standing.at(seq))
        if (field, root) in whole:
            anew = [r for r in table.rows if r.divergence and r.divergence.first_seq == seq]
            table = replace(table, rows=tuple(anew))
        whole.add((field, root))
        yield table


class _Standing:
    """The divergences of bit fields that last at one event after another, by path and field."""

    def __init__(self, diff: Diff, bits: BitFields) -> None:
        self._coming = deque(each for each in diff.divergences if each.place.field in bits)
        self._latest: dict[tuple[str, str], Divergence] = {}

    def at(self, seq: int) -> Mapping[tuple[str, str], Divergence]:
        """Those that have begun there, of each place the latest, which may be over."""
        while self._coming and self._coming[0].first_seq <= seq:
            divergence = self._coming.popleft()
            self._latest[divergence.place.path, divergence.place.field] = divergence
        return self._latest


def among(table: FlagTable, flags: Collection[str]) -> FlagTable:
    """The table of these flags only, with the nodes on which they differ."""
    rows = [replace(r, differing=tuple(f for f in r.differing if f in flags)) for r in table.rows]
    return replace(table, rows=tuple(row for row in rows if row.differing))


def flag_table(diff: Diff, divergence: Divergence, bits: BitFields) -> FlagTable:
    """The nodes of the root that a bit field's divergence is about, after its first event."""
    seq, field = divergence.first_seq, divergence.place.field
    standing = _Standing(diff, bits).at(seq)
    return _table(diff, seq, field, _root(diff, divergence), bits[field], standing)


def _root(diff: Diff, divergence: Divergence) -> str:
    """The root of the node that a divergence is about."""
    path = divergence.place.path
    views = (compared_views(diff.traces, divergence.first_seq - 1) or {}).values()
    return next(view.all_nodes[path].role[0] for view in views if path in view.all_nodes)


def _table(
    diff: Diff,
    seq: int,
    field: str,
    root: str,
    bits: Mapping[str, int],
    standing: Mapping[tuple[str, str], Divergence],
) -> FlagTable:
    views = compared_views(diff.traces, seq - 1) or {}
    flags: dict[NodePath, dict[str, tuple[str, ...]]] = {}
    for name, view in views.items():
        for node in view.all_nodes.values():
            if node.role[0] == root and field in node.fields:
                flags.setdefault(node.role, {})[name] = flag_names(node.fields[field], bits)
    order = diff.traces[0].player.subject.config.node.children
    rows = []
    for role in sorted(flags, key=lambda role: [order.index(child) for child in role[1:]]):
        path = ".".join(role)
        then = standing.get((path, field))
        lasting = then if then and seq <= then.last_seq else None
        rows.append(FlagRow(path, flags[role], differing(flags[role], bits), lasting))
    return FlagTable(field, root, seq, tuple(views), tuple(rows))


def first_bit(divergence: Divergence, bits: BitFields) -> str | None:
    """The first flag, in order of interest, that differs; None if this is no bit field."""
    if not isinstance(divergence.place, FieldPlace) or divergence.place.field not in bits:
        return None
    return next(iter(differing_bits(divergence, bits)), None)


def differing_bits(divergence: Divergence, bits: BitFields) -> tuple[str, ...]:
    """The flags of a bit field that differ, in order of interest."""
    of_field = bits[divergence.place.field]
    flags = {name: flag_names(value, of_field) for name, value in divergence.values.items()}
    return differing(flags, of_field)


def differing(flags: Mapping[str, tuple[str, ...]], bits: Mapping[str, int]) -> tuple[str, ...]:
    """The flags that some have and others not: those of `bits` first."""
    sets = [set(names) for names in flags.values()]
    apart = set[str]().union(*sets) - sets[0].intersection(*sets)
    return tuple(n for n in bits if n in apart) + tuple(sorted(apart - set(bits)))
