"""Finding as few patches as bring an answer about: delta debugging over the series.

What one bisection finds is the last patch that it took. Others before it may have been needed too.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from replay.analysis.bisect import Answer, Question
from replay.analysis.search.ddmin import ddmin
from replay.engine.replay import replay
from replay.engine.trace import ModelTrace
from replay.errors import Conflict, NotInLanguage, ReplayError
from replay.series import Patch, Tree, apply
from replay.variants.expression import VariantSpec
from replay.variants.variant import Variant, variant_with_tree


class MinimalPatches(Struct, frozen=True):
    """As few patches as make the older variant answer as the newer does, so far.

    `between` is how many lie between the two, `replays` how many variants were tried. `minimal`
    says that none can be left out: without it the answer is another, or others do not apply. Those
    others are then in `standing`, patch by patch; where there is none the patch itself matters.
    """

    patches: tuple[Patch, ...]
    between: int
    answers: tuple[Answer, Answer]
    replays: int
    minimal: bool = False
    standing: tuple[tuple[Patch, ...], ...] = ()


def minimal_patches(
    ends: tuple[ModelTrace, ModelTrace], question: Question
) -> Iterator[MinimalPatches]:
    """Ever fewer patches, the last of which are minimal.

    Raises ReplayError if both ends answer alike, or if one does not come before the other in the
    series.
    """
    older, newer = _in_order(ends)
    answers = question(older), question(newer)
    if answers[0].value == answers[1].value:
        names = " and ".join(trace.variant.name for trace in ends)
        raise ReplayError(f"{names} give the same answer", do="name a place that differs")
    patches = _between(older.variant, newer.variant)
    search = _Search(older, question, answers[1])
    smallest = MinimalPatches(patches, len(patches), answers, 0)
    yield smallest
    for left in ddmin(patches, search.first_bringing):
        smallest = MinimalPatches(left, len(patches), answers, search.replays)
        yield smallest
    standing = tuple(search.standing_on(patch, smallest.patches) for patch in smallest.patches)
    yield replace(smallest, replays=search.replays, minimal=True, standing=standing)


def _in_order(ends: tuple[ModelTrace, ModelTrace]) -> tuple[ModelTrace, ModelTrace]:
    """The ends, that with fewer patches first."""
    older, newer = sorted(ends, key=lambda trace: trace.variant.spec.depth)
    start, end = older.variant.spec, newer.variant.spec
    if start != VariantSpec(start.depth) or any(out < start.depth for out in end.left_out):
        do = "name a plain revision, and a later one"
        raise ReplayError("there is no one set of patches between these variants", do=do)
    return older, newer


def _between(older: Variant, newer: Variant) -> tuple[Patch, ...]:
    """What the newer one has on top of the older one, in the order of being applied."""
    spec, series = newer.spec, older.subject.series
    indexes = range(older.spec.depth, spec.depth)
    own = (series.patches[index] for index in indexes if index not in spec.left_out)
    return (*own, *(added.patch for added in spec.extra))


class _Search:
    """The older variant with some patches on top, and how it answers."""

    def __init__(self, older: ModelTrace, question: Question, wanted: Answer) -> None:
        self._older, self._question, self._wanted = older, question, wanted
        self._known: dict[tuple[str, ...], bool] = {}

    @property
    def replays(self) -> int:
        """How many variants were tried."""
        return len(self._known)

    def first_bringing(self, choices: Iterable[tuple[Patch, ...]]) -> tuple[Patch, ...] | None:
        """Those that apply of the first choice of patches that brings the answer about."""
        bringing = map(self._bringing, choices)
        return next((patches for patches in bringing if patches is not None), None)

    def _bringing(self, patches: tuple[Patch, ...]) -> tuple[Patch, ...] | None:
        """Those of the patches that apply, if they bring the answer about."""
        tree, applied = self._applied(patches)
        names = tuple(patch.name for patch in applied)
        if names not in self._known:
            self._known[names] = self._answers(tree)
        return applied if self._known[names] else None

    def standing_on(self, patch: Patch, patches: tuple[Patch, ...]) -> tuple[Patch, ...]:
        """Those of the patches that do not apply without one of them."""
        others = tuple(other for other in patches if other is not patch)
        applied = self._applied(others)[1]
        return tuple(other for other in others if other not in applied)

    def _applied(self, patches: tuple[Patch, ...]) -> tuple[Tree, tuple[Patch, ...]]:
        """The older tree with those of the patches that apply, which are given too."""
        tree, applied = self._older.variant.tree, list[Patch]()
        for patch in patches:
            try:
                tree = apply(tree, patch)
            except Conflict:
                continue  # it stands on one that is left out
            applied.append(patch)
        return tree, tuple(applied)

    def _answers(self, tree: Tree) -> bool:
        """Whether a tree answers as wanted; one that is no model does not."""
        try:
            variant = variant_with_tree(self._older.variant, tree, "some patches")
        except NotInLanguage:
            return False
        trace = replay(self._older.log, variant)
        return bool(self._question(trace).value == self._wanted.value)
