"""Which flags differ on which node of a chain, variant by variant."""

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
    for divergence in diff.divergences:
        if first_bit(divergence, bits) is None:
            continue
        table = flag_table(diff, divergence, bits)
        if (table.field, table.root, table.seq) in emitted:
            continue
        emitted.add((table.field, table.root, table.seq))
        if (table.field, table.root) in whole:
            anew = [r for r in table.rows if r.divergence and r.divergence.first_seq == table.seq]
            table = replace(table, rows=tuple(anew))
        whole.add((table.field, table.root))
        yield table


def among(table: FlagTable, flags: Collection[str]) -> FlagTable:
    """The table of these flags only, with the nodes on which they differ."""
    rows = [replace(r, differing=tuple(f for f in r.differing if f in flags)) for r in table.rows]
    return replace(table, rows=tuple(row for row in rows if row.differing))


def flag_table(diff: Diff, divergence: Divergence, bits: BitFields) -> FlagTable:
    """The nodes of the root that a bit field's divergence is about, after its first event."""
    seq, path, field = divergence.first_seq, divergence.place.path, divergence.place.field
    views = compared_views(diff.traces, seq - 1) or {}
    root = next(view.all_nodes[path].role[0] for view in views.values() if path in view.all_nodes)
    flags: dict[NodePath, dict[str, tuple[str, ...]]] = {}
    for name, view in views.items():
        for node in view.all_nodes.values():
            if node.role[0] == root and field in node.fields:
                flags.setdefault(node.role, {})[name] = flag_names(node.fields[field], bits[field])
    then = {
        divergence.place.path: divergence
        for divergence in diff.divergences
        if divergence.place.field == field and divergence.first_seq <= seq <= divergence.last_seq
    }
    order = diff.traces[0].player.subject.config.node.children
    rows = []
    for role in sorted(flags, key=lambda role: [order.index(child) for child in role[1:]]):
        name = ".".join(role)
        rows.append(FlagRow(name, flags[role], differing(flags[role], bits[field]), then.get(name)))
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
