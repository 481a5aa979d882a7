"""Following one line of source back through the patches that changed it."""

from difflib import SequenceMatcher
from functools import lru_cache, reduce
from itertools import takewhile

from replay.series import Hunk, Patch, Series, SourceFile, Tree, apply

ALIKE = 0.8
"""A removed line is the same line changed if it is at least so similar to the added one."""


# A report asks for the same lines again and again, and each answer applies patches anew.
@lru_cache(maxsize=4096)
def lineage(series: Series, tree: Tree, file: str, line: int) -> tuple[Patch, ...]:
    """The patches behind a line, counted from 1, the latest first; none for a line of base.

    An earlier one counts where a patch only changed its line: what it took away beside what it put
    there is alike.
    """
    patches = list[Patch]()
    text: str | None = None
    while text is None or line:
        source = _file(tree, file)
        number = source.lines[line - 1].patch if source else None
        if source is None or number is None:
            break
        text = source.lines[line - 1].text
        patches.append(tree.patches[number])
        tree = _before(series, tree.patches[:number])
        line = _removed(patches[-1], file, text, tree)
    return tuple(patches)


def _before(series: Series, patches: tuple[Patch, ...]) -> Tree:
    """The tree with these patches; one of the series if that is it."""
    shared = takewhile(lambda pair: pair[0] is pair[1], zip(patches, series.patches, strict=False))
    count = len(list(shared))
    return reduce(apply, patches[count:], series.tree(count))


def _removed(patch: Patch, file: str, text: str, before: Tree) -> int:
    """The line, in the tree before, that the patch changed into this text; 0 if there is none."""
    hunks = [hunk for change in patch.files if change.path == file for hunk in change.hunks]
    for hunk in hunks:
        if any(edit.mark == "+" and edit.text == text for edit in hunk.edits):
            old = _most_alike(hunk, text)
            source = _file(before, file)
            lines = enumerate(source.lines, 1) if source else ()
            numbers = [number for number, line in lines if line.text == old]
            return min(numbers, key=lambda number: abs(number - hunk.start), default=0)
    return 0


def _file(tree: Tree, name: str) -> SourceFile | None:
    return next((source for source in tree.files if source.name == name), None)


def _most_alike(hunk: Hunk, text: str) -> str | None:
    removed = [edit.text for edit in hunk.edits if edit.mark == "-"]
    ratios = {old: SequenceMatcher(None, old.strip(), text.strip()).ratio() for old in removed}
    best = max(ratios, key=lambda old: ratios[old], default=None)
    return best if best is not None and ratios[best] >= ALIKE else None
