"""Building and compiling the variant that an expression stands for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from replay import language
from replay.errors import Conflict, ReplayError
from replay.events.command_rules import read_command_rules
from replay.files import must_lead_inside, shipped
from replay.language import Program
from replay.series import Series, Tree, apply, open_series, read_series
from replay.series.applies import applying, revision_spans
from replay.variants.checked_series import is_checked, remember_checked
from replay.variants.dictionary import read_dictionary
from replay.variants.expression import (
    VariantSpec,
    expressions,
    is_expression,
    parse_machine,
    parse_range,
    parse_spec,
)
from replay.variants.subject import Subject, check_name, read_config

__all__ = [
    "Subject",
    "Variant",
    "build",
    "expressions",
    "is_expression",
    "load_subject",
    "parse_machine",
    "parse_range",
    "resolve",
    "variant_with_tree",
]


@dataclass(frozen=True, eq=False)
class Variant:
    """A tree of the model. `revision` is the expression that `name` stands for."""

    name: str
    revision: str
    subject: Subject
    tree: Tree
    spec: VariantSpec

    # Of dozens of variants on a way some are only passed.
    @cached_property
    def program(self) -> Program:
        """The tree, compiled. Raises NotInLanguage for one that is no model."""
        return _compiled(self.subject, self.tree)

    @property
    def digest(self) -> str:
        """sha256 hex of all that the model says; equal digests replay alike."""
        return self.program.digest

    def renamed(self, name: str) -> "Variant":
        """The same variant under another name."""
        return replace(self, name=name)

    def __reduce__(self) -> tuple[Any, ...]:
        """What makes it anew in another process: names of patches, and no code.

        Raises TypeError for one with a tree that no expression says.
        """
        if _tree(self.subject, self.spec).digest != self.tree.digest:
            raise TypeError(f"the variant {self.name} has a tree of its own")
        said = (self.name, self.revision, self.spec, self.digest)
        return _rebuilt, (_SubjectAt(self.subject), *said)


class _SubjectAt:
    """A subject on its way into another process: the directory that it is read from there."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def __reduce__(self) -> tuple[Any, ...]:
        directory = self._subject.directory.absolute()
        place = None if directory == shipped("patches").absolute() else directory
        return _subject_at, (place, self._subject.dictionary is not None)


# A worker has several variants of one subject.
@lru_cache(maxsize=4)
def _subject_at(directory: Path | None, has_dictionary: bool) -> Subject:
    subject = load_subject(directory or shipped("patches"))
    return subject if has_dictionary else replace(subject, dictionary=None)


def _rebuilt(
    subject: Subject, name: str, revision: str, spec: VariantSpec, digest: str
) -> "Variant":
    """The same variant in another process. Raises ReplayError where the model is another there."""
    variant = build(subject, spec, name, revision)
    if variant.digest != digest:
        what = f"the model of {name} is another one on this worker"
        do = "give all workers the same replay and the same patches"
        raise ReplayError(what, where=str(subject.directory), do=do)
    return variant


FILES = ("alphabet.jsonl", "checks.py")
"""Files of a subject that are read only when a command asks for them."""


@dataclass(frozen=True)
class _Source:
    """The key of a compiled program; only the content of a tree counts."""

    digest: str
    machine: str
    node: str
    tree: Tree = field(compare=False)
    is_checked: bool = field(compare=False)


def load_subject(directory: Path) -> Subject:
    """The subject in a directory, wholly validated.

    Raises ReplayError if a prefix of the series does not apply or is not in the model language,
    or if subject.toml has a fault or names a revision that is not there.
    """
    path = directory / "subject.toml"
    for name in FILES:
        must_lead_inside(directory / name, directory)
    config = read_config(path)
    subject = Subject(
        directory,
        config,
        checked_series(directory, config.machine),
        read_dictionary(directory),
        read_command_rules(directory),
    )
    by_name = expressions(subject, {})
    for name, variant in subject.config.variants.items():
        try:
            parse_spec(subject, variant.revision, by_name, (name,))
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
    by_name = expressions(subject, named)
    spec = parse_spec(subject, expression, by_name, ())
    try:
        return build(subject, spec, expression, by_name.get(expression, expression))
    except Conflict as error:
        raise _with_place_to_go(subject, spec, error) from error


# Only a user is told: what looks for patches that apply meets conflicts by the hundred.
def _with_place_to_go(subject: Subject, spec: VariantSpec, error: Conflict) -> Conflict:
    """The conflict with the revisions at which the patches on top would apply."""
    patches = [added.patch for added in spec.extra]
    if not any(error.where.startswith(f"{patch.name}:") for patch in patches):
        return error
    spans = revision_spans(subject.series, patches)
    where = applying(subject.series, spans)
    if not where:
        do = "it applies at no revision of the series"
        return Conflict(error.what, where=error.where, do="; ".join(filter(None, (error.do, do))))
    more = f"replay variants --applies {spec.extra[0].word} tells what is in the way elsewhere"
    return Conflict(error.what, where=error.where, do=f"it applies at {where}; {more}")


def build(subject: Subject, spec: VariantSpec, name: str, revision: str) -> Variant:
    """The variant of a spec. Raises Conflict, and NotInLanguage for what is no model."""
    return _checked(Variant(name, revision, subject, _tree(subject, spec), spec))


def variant_with_tree(variant: Variant, tree: Tree, name: str) -> Variant:
    """A variant with another tree, which no expression can say. Raises ReplayError as `build`."""
    return _checked(Variant(name, name, variant.subject, tree, variant.spec))


def _checked(variant: Variant) -> Variant:
    """The variant. Raises NotInLanguage for a tree that is no model; those of the series are."""
    if not variant.subject.series.has(variant.tree):
        _compiled(variant.subject, variant.tree)
    return variant


def _compiled(subject: Subject, tree: Tree) -> Program:
    config = subject.config
    node, is_known = config.node.class_name, subject.series.has(tree)
    return _program(_Source(tree.digest, config.machine, node, tree, is_known))


def _tree(subject: Subject, spec: VariantSpec) -> Tree:
    series = subject.series
    first = min(spec.left_out, default=spec.depth)
    tree = series.tree(first)
    for index in range(first, spec.depth):
        if index not in spec.left_out:
            try:
                tree = apply(tree, series.patches[index])
            except Conflict as error:
                out = ", ".join(series.patches[left].name for left in sorted(spec.left_out))
                what = f"without {out} the patch {series.patches[index].name} does not apply"
                do = "leave that out too, or put a patch in its place with +FILE"
                raise Conflict(f"{what}: {error.what}", where=error.where, do=do) from error
    for added in spec.extra:
        tree = apply(tree, added.patch)
    return tree


def checked_series(directory: Path, machine: str) -> Series:
    """The series of a directory, of which every prefix applies and is in the language.

    Raises BadInput, Conflict or NotInLanguage with file, line and patch where one does not.
    """
    # Checking dozens of trees takes longer than what most commands do, and they seldom change.
    series = open_series(directory)
    if not is_checked(series.digest, machine):
        series = read_series(directory)
        for tree in series.trees:
            _check(tree, machine)
        remember_checked(series.digest, machine)
    return series


def _check(tree: Tree, machine: str) -> None:
    """Checks a tree of the series; an error names the patch that brought the fault."""
    try:
        language.check(tree, machine)
    except ReplayError as error:
        if not tree.patches or tree.patches[-1].name in error.where:
            raise
        where = f"{error.where} (with {tree.patches[-1].name})"
        raise type(error)(error.what, where=where, do=error.do) from error


# Variants of several expressions are often the same tree, and compiling takes the longest.
@lru_cache(maxsize=256)
def _program(source: _Source) -> Program:
    return language.compile_tree(source.tree, source.machine, source.node, source.is_checked)
