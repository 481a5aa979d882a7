"""A subject, and reading its subject.toml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from replay.errors import ReplayError
from replay.events.command_rules import NO_RULES, CommandRules
from replay.files import read_toml
from replay.series import Series
from replay.variants.dictionary import Dictionary

if TYPE_CHECKING:
    from replay.variants.variant import Variant

T = TypeVar("T")
BitFields = Mapping[str, Mapping[str, int]]
"""Bit fields and their flags, name to bit, in the subject's order of interest."""

MACHINES = ("recorded", "qemu")
"""Words for what really happened, which stand where a variant of the model may stand."""
RESERVED = frozenset({"base", *MACHINES})
"""Names that no variant may have."""


class NodeConfig(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"class_name": "class"}
):
    """The class of nodes, its child fields in walking order, and where the roots are.

    `roots` is the machine's field that lists the root nodes, `root_name` the node's field that
    names one. Each may be several, of which the first counts that a tree has. A name with a dot
    leads on: to the field of the object that is listed, or that the field refers to. `own_name` is
    the field with a name that a node was given for itself, `chain` the child field along which a
    drawing runs; both may be "" for none.
    """

    class_name: str
    children: tuple[str, ...]
    chain: str
    roots: str | tuple[str, ...]
    root_name: str | tuple[str, ...]
    own_name: str = ""

    @property
    def root_lists(self) -> tuple[str, ...]:
        """The names in `roots`."""
        return _several(self.roots)

    @property
    def root_names(self) -> tuple[str, ...]:
        """The names in `root_name`."""
        return _several(self.root_name)


class FieldConfig(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={"source": "from", "shown": "as"},
):
    """The model's field that an observed field shows: itself, whether it is set, or its length.

    There may be several sources, of which a tree has one; one with a dot leads through the object
    that a field refers to. Where it refers to none, what is shown is `otherwise`.
    """

    source: str | tuple[str, ...]
    shown: Literal["value", "present", "count"] = "value"
    otherwise: str | int | bool | tuple[int, ...] | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The names in `source`."""
        return _several(self.source)


class ChannelConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a refusal on a channel is: a class with a description, or a text as printed.

    `refusal_stops` says that the machine is gone then, as one whose command line is refused.
    """

    refusal: Literal["class", "text"] = "class"
    refusal_stops: bool = False


class JobsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The node's field that holds its job or None."""

    field: str


class VariantConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named variant: its expression, and a line about it.

    Where no variant is asked for, all stand that are so by default.
    """

    revision: str
    about: str = ""
    by_default: bool = True


class ReleaseConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A release: its commit, and the last revision of the series that is part of it."""

    commit: str
    revision: str


class LaterChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a build of today does otherwise than every tree: words of its refusals, and why."""

    error: str
    why: str


class SubjectConfig(msgspec.Struct, frozen=True):
    """What subject.toml says. `more` has the tables that only some readers know.

    `missing` are words of refusals which say that what a command is about is not there; `later`
    explains refusals of builds.
    """

    machine: str
    node: NodeConfig
    channels: Mapping[str, ChannelConfig] = {}
    fields: Mapping[str, FieldConfig] = {}
    hidden: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    later: tuple[LaterChange, ...] = ()
    jobs: JobsConfig | None = None
    bits: BitFields = {}
    variants: Mapping[str, VariantConfig] = {}
    releases: Mapping[str, ReleaseConfig] = {}
    more: Mapping[str, Any] = {}

    @property
    def default_variants(self) -> tuple[str, ...]:
        """The names of the variants that stand where none is asked for."""
        return tuple(name for name, variant in self.variants.items() if variant.by_default)


@dataclass(frozen=True, eq=False)
class Subject:
    """A directory's series and configuration, its dictionary and its rules of commands, if any."""

    directory: Path
    config: SubjectConfig
    series: Series
    dictionary: Dictionary | None = None
    commands: CommandRules = NO_RULES

    def variant(self, expression: str, named: Mapping[str, str] | None = None) -> "Variant":
        """The compiled variant that an expression stands for, as "after" or "3a389e79^+my.patch".

        `named` are names of one's own with their expressions. Raises ReplayError for an unknown
        name or revision, with the nearest; Conflict and NotInLanguage for a patch that does not
        apply or makes no model.
        """
        # A variant is made of a subject, so its module can be imported only when both are there.
        from replay.variants.variant import resolve  # noqa: PLC0415

        return resolve(self, expression, named or {})

    def variants(self, *expressions: str) -> "tuple[Variant, ...]":
        """The variants of several expressions; the subject's own by default if there are none."""
        return tuple(map(self.variant, expressions or self.config.default_variants))


def read_config(path: Path) -> SubjectConfig:
    """The checked content of a subject.toml. Raises ReplayError with file and key."""
    document = read_toml(path, path.parent)
    for key in ("machine", "node"):
        if key not in document:
            raise ReplayError(f"the key {key} is missing", where=str(path))
    jobs = document.pop("jobs", None)
    return SubjectConfig(
        machine=_convert(document.pop("machine"), str, path, "machine"),
        node=_node(document.pop("node"), path),
        channels={
            name: _convert(channel, ChannelConfig, path, f"channels.{name}")
            for name, channel in _table(document, "channels", path)
        },
        fields={name: _field(rule, path, name) for name, rule in _table(document, "fields", path)},
        hidden=_convert(document.pop("hidden", []), tuple[str, ...], path, "hidden"),
        missing=_convert(document.pop("missing", []), tuple[str, ...], path, "missing"),
        later=_convert(document.pop("later", []), tuple[LaterChange, ...], path, "later"),
        jobs=None if jobs is None else _convert(jobs, JobsConfig, path, "jobs"),
        bits={name: _bits(bits, path, name) for name, bits in _table(document, "bits", path)},
        releases={
            name: _convert(release, ReleaseConfig, path, f"releases.{name}")
            for name, release in _table(document, "releases", path)
        },
        variants={
            name: _variant(variant, path, name)
            for name, variant in _table(document, "variants", path)
        },
        more=document,
    )


def check_name(name: str, where: str = "") -> None:
    """Raises ReplayError unless `name` may name a variant."""
    if name in RESERVED:
        raise ReplayError(f"the name {name} is reserved", where=where, do="choose another")
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) or re.fullmatch(r"[0-9a-f]{7,40}", name):
        do = "use a letter, then letters, digits and _, and nothing that could be a sha"
        raise ReplayError(f"{name!r} cannot name a variant", where=where, do=do)


def _several(names: str | tuple[str, ...]) -> tuple[str, ...]:
    """One name or several, as several."""
    return (names,) if isinstance(names, str) else names


def _table(document: dict[str, Any], key: str, path: Path) -> list[tuple[str, Any]]:
    """The entries of an optional table, which is taken out of the document."""
    return list(_convert(document.pop(key, {}), dict[str, Any], path, key).items())


def _node(node: Any, path: Path) -> NodeConfig:
    config = _convert(node, NodeConfig, path, "node")
    if config.chain and config.chain not in config.children:
        raise ReplayError(f"{config.chain!r} is none of children", where=f"{path}: node.chain")
    return config


def _field(rule: Any, path: Path, name: str) -> FieldConfig:
    if isinstance(rule, str):
        return FieldConfig(rule)
    return _convert(rule, FieldConfig, path, f"fields.{name}")


def _bits(bits: Any, path: Path, name: str) -> Mapping[str, int]:
    named = _convert(bits, dict[str, int], path, f"bits.{name}")
    for bit, value in named.items():
        if value <= 0:
            raise ReplayError("is not positive", where=f"{path}: bits.{name}.{bit}")
    return named


def _variant(variant: Any, path: Path, name: str) -> VariantConfig:
    check_name(name, f"{path}: variants.{name}")
    return _convert(variant, VariantConfig, path, f"variants.{name}")


def _convert(value: Any, kind: type[T], path: Path, key: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        reason = re.sub(r" - at `\$\.?(.*)`$", r" at \1", str(error))
        raise ReplayError(reason, where=f"{path}: {key}") from error
