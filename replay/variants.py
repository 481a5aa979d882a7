"""Variants: an expression becomes a compiled point of the series, perhaps with a change."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from replay import language
from replay.errors import ReplayError
from replay.language import Program
from replay.series import (
    Tree,
    apply,
    find_patch,
    is_file,
    label,
    parse_revision,
    read_patch,
    read_series,
    step_back,
)
from replay.subject import RESERVED, Subject, check_name, read_config

__all__ = [
    "Subject",
    "Variant",
    "expressions",
    "is_expression",
    "load_subject",
    "parse_range",
    "resolve",
]

_POINT = re.compile(r"(?P<atom>\w+)(?P<steps>(?:\^|~\d*)*)(?P<rest>.*)", re.DOTALL)
_LEFT_OUT = re.compile(r"-([0-9a-fA-F]{7,40})(?=[+-]|$)")
_RANGE = re.compile(r"(?<![./])\.\.(?![./])")


@dataclass(frozen=True, eq=False)
class Variant:
    """A tree of the model, compiled. `revision` is the expression that `name` stands for."""

    name: str
    revision: str
    subject: Subject
    tree: Tree
    program: Program

    @property
    def digest(self) -> str:
        """sha256 hex of all that the model says; equal digests replay alike."""
        return self.program.digest


@dataclass(frozen=True)
class _Recipe:
    """The first `depth` patches without those at `left_out`, then the patches in `extra` files."""

    depth: int
    left_out: frozenset[int] = frozenset()
    extra: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Source:
    """The key of a compiled program; only the content of a tree counts."""

    digest: str
    machine: str
    node: str
    tree: Tree = field(compare=False)


def load_subject(directory: Path) -> Subject:
    """The subject in a directory, wholly validated.

    Raises ReplayError if a prefix of the series does not apply or is not in the model language,
    or if subject.toml has a fault or names a revision that is not there.
    """
    path = directory / "subject.toml"
    subject = Subject(directory, read_config(path), read_series(directory))
    for tree in subject.series.trees:
        _check(tree, subject.config.machine)
    for name, variant in subject.config.variants.items():
        try:
            _recipe(subject, variant.revision, expressions(subject, {}), (name,))
        except ReplayError as error:
            raise ReplayError(str(error), where=f"{path}: variants.{name}") from error
    return subject


def resolve(subject: Subject, expression: str, named: Mapping[str, str]) -> Variant:
    """The variant that an expression stands for.

    `named` are the user's names and their expressions; they go before subject.toml's. Raises
    ReplayError for an unknown name or revision (with the nearest), a commit inside a group, a
    file that is no patch, a conflict, and a tree that is not in the model language.
    """
    for name in named:
        check_name(name, f"--variant {name}")
    known = expressions(subject, named)
    tree = _tree(subject, _recipe(subject, expression, known, ()))
    config = subject.config
    program = _program(_Source(tree.digest, config.machine, config.node.class_name, tree))
    return Variant(expression, known.get(expression, expression), subject, tree, program)


def expressions(subject: Subject, named: Mapping[str, str]) -> Mapping[str, str]:
    """Every name of a variant with its expression: subject.toml's, then the user's."""
    own = {name: variant.revision for name, variant in subject.config.variants.items()}
    return own | dict(named)


def is_expression(subject: Subject, text: str, named: Mapping[str, str]) -> bool:
    """True if `text` begins as a variant expression does; it may still name nothing."""
    match = _POINT.fullmatch(text)
    if match is None:
        return False
    atom, rest = match["atom"], match["rest"]
    known = atom == "base" or atom in expressions(subject, named)
    point = known or re.fullmatch(r"[0-9a-fA-F]{7,40}", atom) is not None
    return point and (not rest or rest[0] == "+" or _LEFT_OUT.match(rest) is not None)


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


# --- an expression's recipe --------------------------------------------------------------


def _recipe(
    subject: Subject, text: str, known: Mapping[str, str], within: tuple[str, ...]
) -> _Recipe:
    """What an expression asks for; `within` are the names that are being looked up."""
    match = _POINT.fullmatch(text)
    if match is None:
        do = "write a name, a revision, REV+FILE or REV-SHA"
        raise ReplayError(f"{text!r} is no variant expression", do=do)
    atom, steps, rest = match["atom"], match["steps"], match["rest"]
    if atom in within:
        raise ReplayError(f"the variant {atom} is defined by itself")
    if atom in known:
        recipe = _recipe(subject, known[atom], known, (*within, atom))
        if steps and recipe != _Recipe(recipe.depth):
            raise ReplayError(f"{atom} is no plain revision: {atom}{steps} has no meaning")
        recipe = replace(recipe, depth=step_back(recipe.depth, steps, text))
    else:
        recipe = _Recipe(_revision(subject, atom, steps, known))
    return _changed(subject, recipe, rest)


def _revision(subject: Subject, atom: str, steps: str, known: Mapping[str, str]) -> int:
    if atom in RESERVED - {"base"}:
        raise ReplayError(f"{atom} is not a variant of the model but a reserved name")
    if atom != "base" and not re.fullmatch(r"[0-9a-fA-F]+", atom):
        near = difflib.get_close_matches(atom, sorted(known), n=3, cutoff=0.4)
        do = f"nearest: {', '.join(near)}" if near else "replay variants lists them"
        raise ReplayError(f"unknown variant {atom}", do=do)
    return parse_revision(subject.series, atom + steps)


def _changed(subject: Subject, recipe: _Recipe, rest: str) -> _Recipe:
    """The recipe with a chain of +FILE and -SHA."""
    while rest:
        left_out = _LEFT_OUT.match(rest)
        if left_out:
            recipe = _without(subject, recipe, left_out[1])
            rest = rest[left_out.end() :]
        elif rest[0] == "+":
            path = _longest_file(rest[1:])
            recipe = replace(recipe, extra=(*recipe.extra, path))
            rest = rest[1 + len(path) :]
        else:
            raise ReplayError(f"{rest!r} is neither +FILE nor -SHA of 7 to 40 digits")
    return recipe


def _without(subject: Subject, recipe: _Recipe, sha: str) -> _Recipe:
    index = find_patch(subject.series, sha)
    if index >= recipe.depth:
        patch = label(subject.series.patches[index])
        raise ReplayError(f"cannot leave out {patch}: it comes later in the series")
    return replace(recipe, left_out=recipe.left_out | {index})


def _longest_file(rest: str) -> str:
    """The longest part of `rest`, to its end or to a + or -, that is a file."""
    ends = [match.start() for match in re.finditer(r"[+-]", rest)] + [len(rest)]
    for end in reversed(ends):
        if rest[:end] and is_file(Path(rest[:end])):
            return rest[:end]
    path = rest.partition("+")[0]
    raise ReplayError("no such patch file", where=path or "+", do="check its path")


# --- a recipe's tree and program -----------------------------------------------------------


def _tree(subject: Subject, recipe: _Recipe) -> Tree:
    series = subject.series
    first = min(recipe.left_out, default=recipe.depth)
    tree = series.trees[first]
    for index in range(first, recipe.depth):
        if index not in recipe.left_out:
            try:
                tree = apply(tree, series.patches[index])
            except ReplayError as error:
                out = ", ".join(series.patches[at].name for at in sorted(recipe.left_out))
                what = f"without {out} the patch {series.patches[index].name} does not apply"
                do = "leave that out too, or put a patch in its place with +FILE"
                raise ReplayError(f"{what}: {error.what}", where=error.where, do=do) from error
    for path in recipe.extra:
        tree = apply(tree, read_patch(Path(path)))
    return tree


def _check(tree: Tree, machine: str) -> None:
    """Checks a tree of the series; a fault is told with the patch that brought it."""
    try:
        language.check(tree, machine)
    except ReplayError as error:
        if not tree.patches or tree.patches[-1].name in error.where:
            raise
        where = f"{error.where} (with {tree.patches[-1].name})"
        raise ReplayError(error.what, where=where, do=error.do) from error


@lru_cache(maxsize=256)
def _program(source: _Source) -> Program:
    return language.compile_tree(source.tree, source.machine, source.node)
