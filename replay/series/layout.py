"""Laying patches out as a git repository: base as its first commit, then a commit a patch.

A message is the patch's subject and description, and at its end the name of the patch file and the
commit that the patch stands for, so that what was laid out can be taken back.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from itertools import accumulate
from pathlib import Path

from msgspec import Struct

from replay.errors import ReplayError
from replay.series.git import git
from replay.series.patch import Patch
from replay.series.tree import Tree, apply

BRANCH = "series"
START = "refs/replay/start"
"""Where the branch stood when it was laid out."""
AUTHOR = "series <series@localhost>"
"""Who made a patch that names nobody."""

_BASE_DATE = "Sat, 01 Jan 2000 00:00:00 +0000"
_PERSON = re.compile(r"[^<>\n]*<[^<>\n]*>")


class Layout(Struct, frozen=True):
    """What is laid out: patches on base; `tags` name the tree after so many of them.

    `rest` are the names of the patches of the series that come behind, None if the patches are no
    beginning of it.
    """

    base: Tree
    patches: tuple[Patch, ...]
    tags: Mapping[str, int] = {}
    rest: tuple[str, ...] | None = ()


def lay_out(layout: Layout, directory: Path) -> None:
    """Makes the repository in a directory that is empty or not there.

    Raises ReplayError for one that is neither, and Conflict for patches that do not apply.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ReplayError("is there already", where=str(directory), do="name an empty directory")
    commits = b"".join(_stream(layout))
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"cannot be made: {error.strerror}"
        raise ReplayError(what, where=str(directory)) from error
    git(directory, "init", "--quiet", f"--initial-branch={BRANCH}")
    git(directory, "config", "core.autocrlf", "false")
    if layout.rest is not None:
        git(directory, "config", "replay.rest", " ".join(layout.rest))
    git(directory, "fast-import", "--quiet", stdin=commits)
    git(directory, "reset", "--quiet", "--hard")


def add_commits(directory: Path, tree: Tree, patches: Sequence[Patch], ref: str) -> None:
    """Puts a commit for each patch on top of HEAD, whose tree is `tree`, under a name of its own.

    Branch and files stay. Raises Conflict for patches that do not apply.
    """
    head = git(directory, "rev-parse", "HEAD").decode().strip()
    trees = [*accumulate(patches, apply, initial=tree)]
    stream = [f"reset {ref}\nfrom {head}\n\n".encode()]
    for before, after, patch in zip(trees, trees[1:], patches, strict=False):
        stream += _commit(ref, message_of(patch), _signature(patch), _changes(before, after))
    git(directory, "fast-import", "--quiet", "--force", stdin=b"".join(stream))


def message_of(patch: Patch) -> str:
    """The message of the commit that a patch is laid out as."""
    trailers = [f"Patch: {Path(patch.name).name}"]
    if patch.sha:
        trailers.append(f"Commit: {patch.sha}")
    parts = [patch.subject or Path(patch.name).stem, patch.description, "\n".join(trailers)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _stream(layout: Layout) -> Iterator[bytes]:
    """The commits in the language of git fast-import; the mark :N is the tree with N-1 patches."""
    ref = f"refs/heads/{BRANCH}"
    signature = f"{AUTHOR} {_seconds(_BASE_DATE)}"
    empty = Tree(())
    yield from _commit(ref, "base\n", signature, _changes(empty, layout.base), mark=1)
    before = layout.base
    for mark, patch in enumerate(layout.patches, 2):
        after = apply(before, patch)
        yield from _commit(ref, message_of(patch), _signature(patch), _changes(before, after), mark)
        before = after
    for name, count in layout.tags.items():
        yield f"reset refs/tags/{name}\nfrom :{count + 1}\n\n".encode()
    yield f"reset {START}\nfrom :{len(layout.patches) + 1}\n\n".encode()


def _commit(
    ref: str, message: str, signature: str, changes: Iterable[bytes], mark: int | None = None
) -> Iterator[bytes]:
    yield f"commit {ref}\n".encode()
    if mark:
        yield f"mark :{mark}\n".encode()
    yield f"author {signature}\ncommitter {signature}\n".encode() + _data(message.encode())
    yield from changes
    yield b"\n"


def _changes(before: Tree, after: Tree) -> Iterator[bytes]:
    """The files that a commit changes."""
    old = {file.name: file for file in before.files}
    new = {file.name: file for file in after.files}
    for name in old.keys() - new.keys():
        yield f"D {name}\n".encode()
    for name, file in new.items():
        if old.get(name) is not file:
            yield f"M 100644 inline {name}\n".encode() + _data(file.text.encode())


def _data(data: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(data), data)


def _signature(patch: Patch) -> str:
    """Who made a patch and when, as git writes it."""
    author = patch.author if _PERSON.fullmatch(patch.author) else AUTHOR
    return f"{author} {_seconds(patch.date or _BASE_DATE)}"


def _seconds(date: str) -> str:
    """A mail's date in seconds since 1970, with its zone; that of base for what is no date."""
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        moment = parsedate_to_datetime(_BASE_DATE)
    if moment.tzinfo is None:  # "-0000", which is UTC wherever this runs
        moment = moment.replace(tzinfo=UTC)
    return f"{int(moment.timestamp())} {moment:%z}"
