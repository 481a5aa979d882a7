"""Resolving a git-style revision (sha, ^, ~N, base) to a position in the series."""

import difflib
import re

from replay.errors import ReplayError
from replay.series.load import Series
from replay.series.patch import Patch, label

_REVISION = re.compile(r"(?P<point>[^~^]+)(?P<steps>(?:\^|~\d*)*)")


def parse_revision(series: Series, text: str) -> int:
    """How many patches of the series the revision has: the index of its tree.

    `text` is `base` or a sha of 7 to 40 digits, and any number of `^` and `~N`. Raises
    ReplayError with the nearest revisions for one that the series does not have.
    """
    match = _REVISION.fullmatch(text)
    if match is None:
        raise ReplayError(f"{text!r} is no revision", do="name one as 3a389e79, 3a389e79^ or base")
    point = match["point"]
    depth = 0 if point == "base" else find_patch(series, point) + 1
    return step_back(depth, match["steps"], text)


def step_back(depth: int, steps: str, text: str) -> int:
    """The depth that `^`, `~` and `~N` lead to. Raises ReplayError for one before base."""
    for step in re.findall(r"\^|~\d*", steps):
        depth -= int(step[1:] or "1")
    if depth < 0:
        raise ReplayError(f"{text} lies before base", do=f"base is {-depth} later")
    return depth


def find_patch(series: Series, sha: str) -> int:
    """The index of the patch with this sha of 7 to 40 digits.

    Raises ReplayError for an unknown or ambiguous one and for a commit inside a group.
    """
    if not re.fullmatch(r"[0-9a-fA-F]{7,40}", sha):
        raise ReplayError(f"{sha!r} is no sha of 7 to 40 digits", do=_nearest(series, sha))
    sha = sha.lower()
    indices = [index for index, patch in enumerate(series.patches) if patch.sha.startswith(sha)]
    groups = [patch for patch in series.patches if _inside(patch, sha)]
    if len(indices) + len(groups) > 1:
        patches = [*(series.patches[index] for index in indices), *groups]
        names = ", ".join(label(patch) for patch in patches)
        raise ReplayError(f"{sha} is ambiguous", do=f"write more digits of one of {names}")
    if groups:
        group = groups[0]
        do = f"use {group.sha[:8]}, the tree after the group, or {group.sha[:8]}^, before it"
        raise ReplayError(f"commit {sha} is inside the group {label(group)}", do=do)
    if not indices:
        raise ReplayError(f"unknown revision {sha}", do=_nearest(series, sha))
    return indices[0]


def _inside(patch: Patch, sha: str) -> bool:
    """True for a member of the group, which the header may give with fewer digits."""
    return any(commit.startswith(sha) or sha.startswith(commit) for commit in patch.commits)


def _nearest(series: Series, sha: str) -> str:
    by_sha = {patch.sha[: max(len(sha), 7)]: patch for patch in series.patches}
    near = difflib.get_close_matches(sha.lower(), by_sha, n=3, cutoff=0.5)
    if near:
        return "nearest: " + ", ".join(label(by_sha[key]) for key in near)
    return "replay variants --long lists the revisions"
