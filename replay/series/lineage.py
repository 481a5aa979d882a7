"""Following one line of source back through the patches that changed it."""

from difflib import SequenceMatcher
from functools import lru_cache, reduce
from itertools import takewhile

from replay.series import Hunk, Patch, Series, Tree, apply

ALIKE = 0.8
"""A removed line is the same line changed if it is at least so similar to the added one."""


@lru_cache(maxsize=4096)
def lineage(series: Series, tree: Tree, file: str, line: int) -> tuple[Patch, ...]:
    """The patches behind a line, counted from 1, the latest first; none for a line of base.

    An earlier one counts where a patch only changed its line: what it took away beside what it put
    there is alike.
    """
    found = list[Patch]()
    text: str | None = None
    while text is None or line:
        source = next((it for it in tree.files if it.name == file), None)
        number = source.lines[line - 1].patch if source else None
        if source is None or number is None:
            break
        text = source.lines[line - 1].text
        found.append(tree.patches[number])
        tree = _before(series, tree.patches[:number])
        line = _removed(found[-1], file, text, tree)
    return tuple(found)


def _before(series: Series, patches: tuple[Patch, ...]) -> Tree:
    """The tree with these patches; one of the series if that is it."""
    shared = takewhile(lambda pair: pair[0] is pair[1], zip(patches, series.patches, strict=False))
    count = len(list(shared))
    return reduce(apply, patches[count:], series.trees[count])


def _removed(patch: Patch, file: str, text: str, before: Tree) -> int:
    """The line, in the tree before, that the patch changed into this text; 0 if there is none."""
    hunks = [hunk for change in patch.files if change.path == file for hunk in change.hunks]
    for hunk in hunks:
        if any(edit.mark == "+" and edit.text == text for edit in hunk.edits):
            old = _most_alike(hunk, text)
            source = next((it for it in before.files if it.name == file), None)
            places = (
                [at for at, it in enumerate(source.lines, 1) if it.text == old] if source else []
            )
            return min(places, key=lambda at: abs(at - hunk.start), default=0)
    return 0


def _most_alike(hunk: Hunk, text: str) -> str | None:
    removed = [edit.text for edit in hunk.edits if edit.mark == "-"]
    ratios = {old: SequenceMatcher(None, old.strip(), text.strip()).ratio() for old in removed}
    best = max(ratios, key=lambda old: ratios[old], default=None)
    return best if best is not None and ratios[best] >= ALIKE else None
