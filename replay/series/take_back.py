"""Taking the commits of a repository that was laid out back into patch files.

The header of a patch file comes from git: the subject, the date, the author if it is not nobody.
The file's name and the commit that the patch stands for come from the last lines of the message,
or of a new commit from its subject and its own sha.
"""

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from msgspec import Struct

from replay.errors import ReplayError
from replay.series.git import git
from replay.series.layout import AUTHOR, START, add_commits
from replay.series.load import Series, read_series
from replay.series.patch import split_header

_FORMAT = "--format=%x00%H%x00%an <%ae>%x00%aD%x00%B%x00"
_DIFF = (
    *("--patch", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--unified=3"),
    *("--diff-algorithm=myers", "--indent-heuristic", "--inter-hunk-context=0"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--text"),
)
"""As patches are written whatever the user's settings are, so that the same is the same text."""

_REST = "refs/replay/rest"
_NAME = re.compile(r"\w[\w.-]*\.patch")
_PATCH = re.compile(r"^Patch: (\S+)[ \t]*\n?", re.MULTILINE)
_COMMIT = re.compile(r"^Commit: ([0-9a-f]{40})[ \t]*\n?", re.MULTILINE)
_GROUP = re.compile(r"^Commits:((?:[ \t]+[0-9a-f]{7,40})+)[ \t]*\n?", re.MULTILINE)


class PatchFile(NamedTuple):
    """A patch file: its name, and what is in it."""

    name: str
    text: str


class PatchFileChange(Struct, frozen=True):
    """What became of a patch file."""

    name: str
    fate: Literal["new", "changed", "gone"]


class _Commit(NamedTuple):
    sha: str
    author: str
    date: str
    message: str
    diff: str

    @property
    def where(self) -> str:
        """What messages call it."""
        return f"commit {self.sha[:10]} ({self.message.partition(chr(10))[0]})"


def take_series(directory: Path, series: Series, made: Path) -> None:
    """Writes base/, the patches and the file series of the branch, with the rest of `series`.

    The rest is what came behind the patches that were laid out; its hunks get the lines at which
    they are now. Raises ReplayError for a branch that is not at rest or was not laid out from a
    beginning of the series, Conflict for one on which the rest does not apply.
    """
    _check_at_rest(directory)
    names = _rest(directory)
    root, *_ = git(directory, "rev-list", "--max-parents=0", "HEAD").decode().split()
    files = list(_patch_files(directory, f"{root}..HEAD", 1))
    _write_base(directory, root, made / "base")
    _write_stack(files, made)
    rest = [patch for patch in series.patches if patch.name in names]
    if rest:
        tree = read_series(made).trees[-1]
        add_commits(directory, tree, rest, _REST)
        files += _patch_files(directory, f"HEAD..{_REST}", len(files) + 1)
        git(directory, "update-ref", "-d", _REST)
        _write_stack(files, made)


def take_stack(directory: Path, made: Path) -> None:
    """Writes the commits on top of what was laid out, and a file series that lists them.

    Raises ReplayError if there are none, or what was laid out is no longer below them.
    """
    _check_at_rest(directory)
    start = git(directory, "rev-parse", START).decode().strip()
    if start not in git(directory, "rev-list", "HEAD").decode().split():
        do = "take the series itself, without -o"
        raise ReplayError("what was laid out was changed too", where=str(directory), do=do)
    files = list(_patch_files(directory, f"{start}..HEAD", 1))
    if not files:
        raise ReplayError("has no commit of its own", where=str(directory), do="commit the change")
    _write_stack(files, made)


@contextmanager
def replacing(directory: Path) -> Iterator[tuple[Path, list[PatchFileChange]]]:
    """A directory beside `directory`, whose patches take the place of those there at the end.

    That is base/, series and *.patch; all else stays, and after an error everything. The list has
    then what became of the patch files.
    """
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory.parent) as temporary:
            made, changes = Path(temporary), list[PatchFileChange]()
            yield made, changes
            changes += _changes(made, directory)
            _replace(made, directory)
    except OSError as error:
        raise ReplayError(f"cannot be written: {error.strerror}", where=str(directory)) from error


def _check_at_rest(directory: Path) -> None:
    """Refuses a directory that was not laid out, or is in the middle of something."""
    if not (directory / ".git").is_dir():
        do = "make one with replay checkout"
        raise ReplayError("is no repository of a series", where=str(directory), do=do)
    at_work = any((directory / ".git" / name).exists() for name in ("rebase-merge", "rebase-apply"))
    if at_work:
        raise ReplayError("a rebase is under way", where=str(directory), do="finish it first")
    if git(directory, "status", "--porcelain"):
        raise ReplayError("has uncommitted changes", where=str(directory), do="commit them first")
    if git(directory, "rev-list", "--merges", "HEAD"):
        raise ReplayError("has a merge", where=str(directory), do="make the branch linear")


def _rest(directory: Path) -> frozenset[str]:
    """The names of the patches that came behind what was laid out."""
    settings = git(directory, "config", "--list", "-z").decode(errors="replace").split("\0")
    values = dict(line.split("\n", 1) for line in settings if "\n" in line)
    if "replay.rest" not in values:
        what = "was laid out from no beginning of the series"
        do = "take what is on top of it: -o DIR"
        raise ReplayError(what, where=str(directory), do=do)
    return frozenset(values["replay.rest"].split())


# --- a commit as a patch file -----------------------------------------------------------


def _patch_files(directory: Path, between: str, first: int) -> Iterator[PatchFile]:
    for place, commit in enumerate(_commits(directory, between), first):
        yield _patch_file(commit, place)


def _commits(directory: Path, between: str) -> Iterator[_Commit]:
    """The commits of a range, the oldest first."""
    text = git(directory, "log", "--reverse", "--no-notes", _FORMAT, *_DIFF, between)
    parts = text.decode(errors="surrogateescape").split("\0")[1:]
    for index in range(0, len(parts), 5):
        sha, author, date, message, diff = parts[index : index + 5]
        yield _Commit(sha, author, date, message, diff.strip("\n"))


def _patch_file(commit: _Commit, place: int) -> PatchFile:
    if not commit.diff:
        raise ReplayError("changes nothing", where=commit.where, do="drop it")
    names, shas = _PATCH.findall(commit.message), _COMMIT.findall(commit.message)
    subject, description = _words(commit.message, shas)
    name = names[-1] if names else _made_name(place, subject)
    if not _NAME.fullmatch(name):
        raise ReplayError(f"{name!r} is no name of a patch file", where=commit.where)
    sha = shas[-1] if shas else commit.sha
    header = [f"From {sha} Mon Sep 17 00:00:00 2001"]
    if commit.author != AUTHOR:
        header.append(f"From: {commit.author}")
    header += [f"Date: {commit.date}", f"Subject: {subject}"]
    text = "\n".join(header) + (f"\n\n{description}" if description else "")
    if split_header(text)[0] != text:
        raise ReplayError("its message has a line that begins a diff", where=commit.where)
    lines = [line for line in commit.diff.split("\n") if not line.startswith("index ")]
    return PatchFile(name, f"{text}\n---\n" + "\n".join(lines) + "\n")


def _words(message: str, shas: Sequence[str]) -> tuple[str, str]:
    """Subject and description of a message, whose commits but the last become its group.

    Several stand in the message of commits that were joined.
    """
    text = _COMMIT.sub("", _PATCH.sub("", message))
    group = list(shas[:-1])
    if group:
        group += [sha for line in _GROUP.findall(text) for sha in line.split()]
        text = _GROUP.sub("", text).rstrip("\n") + "\n\nCommits: " + " ".join(dict.fromkeys(group))
    subject, _, description = text.strip("\n").partition("\n\n")
    return " ".join(subject.split()), description.strip("\n")


def _made_name(place: int, subject: str) -> str:
    """01-block-another-fix.patch"""
    slug = re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")[:50].rstrip("-")
    return f"{place:02}-{slug or 'patch'}.patch"


# --- files ------------------------------------------------------------------------------


def _write_base(directory: Path, root: str, base: Path) -> None:
    """The files of the first commit."""
    for name in git(directory, "ls-tree", "-r", "-z", "--name-only", root).decode().split("\0"):
        if name:
            path = base / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(git(directory, "show", f"{root}:{name}"))


def _write_stack(files: Iterable[PatchFile], made: Path) -> None:
    """The patch files, and their names in the file series."""
    names: dict[str, None] = {}
    for name, text in files:
        if name in names:
            raise ReplayError(f"two commits are called {name}", do="change a line Patch:")
        names[name] = None
        (made / name).write_bytes(text.encode(errors="surrogateescape"))
    (made / "series").write_text("".join(f"{name}\n" for name in names))


def _changes(made: Path, directory: Path) -> Iterator[PatchFileChange]:
    old, new = (
        {path.name: path.read_bytes() for path in place.glob("*.patch")}
        for place in (directory, made)
    )
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            fate: Literal["new", "changed", "gone"] = (
                "new" if name not in old else "changed" if name in new else "gone"
            )
            yield PatchFileChange(name, fate)


def _replace(made: Path, directory: Path) -> None:
    """Makes base/, series and *.patch of `directory` those of `made`; all else stays."""
    listed = made / "series"
    listed.write_text(_leading_comments(directory) + listed.read_text())
    directory.mkdir(exist_ok=True)
    for path in _owned(directory):
        if not (made / path).exists() and ((made / "base").exists() or path.parts[0] != "base"):
            (directory / path).unlink()
    for path in _owned(made):
        target = directory / path
        if not target.exists() or target.read_bytes() != (made / path).read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made / path, target)


def _leading_comments(directory: Path) -> str:
    """The comment at the head of the series that is there, which no commit carries."""
    path = directory / "series"
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    end = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join(lines[:end])


def _owned(directory: Path) -> list[Path]:
    """The files of a series in `directory`, relative to it."""
    paths = [*directory.glob("*.patch"), *directory.glob("series")]
    paths += [path for path in directory.glob("base/**/*.py") if ".pc" not in path.parts]
    return sorted(path.relative_to(directory) for path in paths)
