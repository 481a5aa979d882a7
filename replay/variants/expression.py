"""Parsing variant expressions such as after, 3a389e79^, REV+FILE, REV+SHA, REV-SHA and A..B."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from replay.errors import NotFound, ReplayError
from replay.series import (
    Patch,
    Series,
    find_patch,
    is_stack,
    label,
    parse_revision,
    read_stack,
    step_back,
)
from replay.variants.subject import MACHINES, RESERVED, Subject

_POINT = re.compile(r"(?P<atom>v?\d+(?:\.\d+)+|\w+)(?P<steps>(?:\^|~\d*)*)(?P<rest>.*)", re.DOTALL)
_LEFT_OUT = re.compile(r"-([0-9a-fA-F]{7,40})(?=[+-]|$)")
_TAKEN = re.compile(r"\+([0-9a-fA-F]{7,40})(?=[+-]|$)")
_SHA = re.compile(r"[0-9a-fA-F]{7,40}")
_RANGE = re.compile(r"(?<![./])\.\.(?![./])")


@dataclass(frozen=True)
class AddedPatch:
    """A patch on top of a revision, from a file or taken from elsewhere in the series.

    `word` is what an expression says of it behind its "+": a file, one patch of a file, or a sha.
    """

    word: str
    patch: Patch


@dataclass(frozen=True)
class VariantSpec:
    """The first `depth` patches without those at `left_out`, then the patches in `extra`.

    `named` are the indexes of the patches that the expression was written with.
    """

    depth: int
    left_out: frozenset[int] = frozenset()
    extra: tuple[AddedPatch, ...] = ()
    named: frozenset[int] = field(default=frozenset(), compare=False)


@dataclass(frozen=True)
class MachineSpec:
    """A real machine: the recorded one, or a QEMU that is run, by default the first in PATH."""

    name: str
    word: str
    program: str = ""


def parse_machine(text: str, named: Mapping[str, str]) -> MachineSpec | None:
    """The machine that `recorded`, `qemu`, `qemu:PROGRAM` or a user's name for one stands for.

    None for any other word, which may be a variant of the model.
    """
    word, colon, program = named.get(text, text).partition(":")
    if word not in MACHINES or (colon and (word != "qemu" or not program)):
        return None
    return MachineSpec(text, word, program)


def expressions(subject: Subject, named: Mapping[str, str]) -> Mapping[str, str]:
    """Every name of a variant with its expression: subject.toml's, then the user's."""
    own = {name: variant.revision for name, variant in subject.config.variants.items()}
    releases = {name: release.revision for name, release in subject.config.releases.items()}
    return releases | own | dict(named)


def release_name(atom: str) -> str:
    """A release as the subject writes it: "1.5" is v1.5.0; any other word as it is."""
    if re.fullmatch(r"v?\d+\.\d+(\.\d+)?", atom) is None:
        return atom
    return "v" + ".".join([*atom.removeprefix("v").split("."), "0"][:3])


def is_expression(subject: Subject, text: str, named: Mapping[str, str]) -> bool:
    """True if `text` begins as a variant expression does, although it may name nothing."""
    match = _POINT.fullmatch(text)
    if match is None:
        return False
    atom, rest = release_name(match["atom"]), match["rest"]
    known = atom == "base" or atom in expressions(subject, named)
    is_point = known or re.fullmatch(r"[0-9a-fA-F]{7,40}", atom) is not None
    return is_point and (not rest or rest[0] == "+" or _LEFT_OUT.match(rest) is not None)


def parse_range(text: str) -> tuple[str, str] | None:
    """The two expressions of `A..B`, or None if `text` is no range.

    The dots of a path like `../a.patch` make no range. Raises ReplayError if a side is missing.
    """
    parts = _RANGE.split(text, maxsplit=1)
    if len(parts) == 1:
        return None
    if not all(parts):
        raise ReplayError(f"the range {text} lacks a side", do="write it as before..after")
    return parts[0], parts[1]


def format_expression(series: Series, spec: VariantSpec) -> str:
    """The expression that says what a spec says."""
    patches = series.patches
    point = patches[spec.depth - 1].sha[:8] if spec.depth else "base"
    out = "".join(f"-{patches[index].sha[:8]}" for index in sorted(spec.left_out))
    return point + out + "".join(f"+{added.word}" for added in spec.extra)


def parse_spec(
    subject: Subject, text: str, by_name: Mapping[str, str], within: tuple[str, ...]
) -> VariantSpec:
    """What an expression stands for.

    `by_name` are named expressions; `within` are the names that are being looked up.
    """
    match = _POINT.fullmatch(text)
    if match is None:
        do = "write a name, a revision, REV+FILE, REV+SHA or REV-SHA"
        raise ReplayError(f"{text!r} is no variant expression", do=do)
    atom, steps, rest = release_name(match["atom"]), match["steps"], match["rest"]
    if atom in within:
        raise ReplayError(f"the variant {atom} is defined by itself")
    if atom in by_name:
        spec = parse_spec(subject, by_name[atom], by_name, (*within, atom))
        if steps and spec != VariantSpec(spec.depth):
            raise ReplayError(f"{atom} is no plain revision: {atom}{steps} has no meaning")
        spec = replace(spec, depth=step_back(spec.depth, steps, text))
    else:
        spec = _point(subject, atom, steps, by_name)
    return _changed(subject, spec, rest)


def _point(subject: Subject, atom: str, steps: str, by_name: Mapping[str, str]) -> VariantSpec:
    if atom in RESERVED - {"base"}:
        raise ReplayError(f"{atom} is not a variant of the model but a reserved name")
    if atom != "base" and not re.fullmatch(r"[0-9a-fA-F]+", atom):
        near = difflib.get_close_matches(atom, sorted(by_name), n=3, cutoff=0.4)
        do = f"nearest: {', '.join(near)}" if near else "replay variants lists them"
        raise NotFound(f"unknown variant {atom}", do=do, nearest=near)
    depth = parse_revision(subject.series, atom + steps)
    named = frozenset[int]() if atom == "base" else {find_patch(subject.series, atom)}
    return VariantSpec(depth, named=frozenset(named))


def _changed(subject: Subject, spec: VariantSpec, rest: str) -> VariantSpec:
    """The spec changed by +FILE, +SHA and -SHA, one after another."""
    while rest:
        left_out, taken = _LEFT_OUT.match(rest), _TAKEN.match(rest)
        if left_out:
            spec = _without(subject, spec, left_out[1])
            rest = rest[left_out.end() :]
        elif taken and not is_stack(taken[1]):
            spec = _with(subject, spec, taken[1])
            rest = rest[taken.end() :]
        elif rest[0] == "+":
            word = _longest_stack(rest[1:])
            spec = replace(spec, extra=(*spec.extra, *parse_added(subject.series, word)))
            rest = rest[1 + len(word) :]
        else:
            raise ReplayError(f"{rest!r} is none of +FILE, +SHA and -SHA with 7 to 40 digits")
    return spec


def parse_added(series: Series, word: str) -> tuple[AddedPatch, ...]:
    """The patches that `word` adds behind a "+": those of a file or directory, or of a sha.

    Raises ReplayError for one that is neither, and BadInput for what holds no patch.
    """
    if is_stack(word) or not _SHA.fullmatch(word):
        return tuple(AddedPatch(part, patch) for part, patch in read_stack(word))
    patch = series.patches[find_patch(series, word)]
    return (AddedPatch(patch.sha[:8], patch),)


def _with(subject: Subject, spec: VariantSpec, sha: str) -> VariantSpec:
    """The spec with a patch of the series on top, from later in it or one that was left out."""
    index = find_patch(subject.series, sha)
    patch = subject.series.patches[index]
    there = index < spec.depth and index not in spec.left_out
    if there or any(added.patch == patch for added in spec.extra):
        do = f"leave it out first to move it to the top: -{patch.sha[:8]}+{patch.sha[:8]}"
        raise ReplayError(f"cannot take {label(patch)}: it is there already", do=do)
    added = parse_added(subject.series, sha)
    return replace(spec, extra=(*spec.extra, *added), named=spec.named | {index})


def _without(subject: Subject, spec: VariantSpec, sha: str) -> VariantSpec:
    index = find_patch(subject.series, sha)
    if index >= spec.depth:
        patch = label(subject.series.patches[index])
        raise ReplayError(f"cannot leave out {patch}: it comes later in the series")
    return replace(spec, left_out=spec.left_out | {index}, named=spec.named | {index})


def _longest_stack(rest: str) -> str:
    """The longest part of `rest`, to its end or to a + or -, that is a file or a directory."""
    ends = [match.start() for match in re.finditer(r"[+-]", rest)] + [len(rest)]
    for end in reversed(ends):
        if rest[:end] and is_stack(rest[:end]):
            return rest[:end]
    path = rest.partition("+")[0]
    raise ReplayError("no such patch file", where=path or "+", do="check its path")
