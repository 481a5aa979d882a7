"""Lays the patch series out as a git branch, a commit a patch, and writes it back.

    python tests/series_branch.py export PATCHES_DIR SCRATCH_DIR
    python tests/series_branch.py import SCRATCH_DIR PATCHES_DIR

In between, change the branch with git: commit, rebase -i, reword. The first commit is base. A
commit's message is the header of its patch file, and a last line `Patch: NAME.patch`; where that
line is missing, the name is made from the place in the series and the subject.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from email.utils import parsedate_to_datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from replay.errors import ReplayError
from replay.files import read_text
from replay.series import Tree, parse_patch, read_series, split_header

BASE_DATE = "2000-01-01T00:00:00+0000"
HEADER = re.compile(r"From [0-9a-f]{40} .*\n(?:From: .*\n)?Date: (?P<date>.+)\nSubject: \S.*\n")
TRAILER = re.compile(r"\n+Patch: (\S+)\s*\Z")
DIFF = (
    *("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--unified=3"),
    *("--diff-algorithm=myers", "--indent-heuristic", "--inter-hunk-context=0"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--text"),
)


def git(directory: Path, *arguments: str, message: str | None = None, date: str = "") -> str:
    """What git prints. The user's own configuration has no say in it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    if date:
        environment |= {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    done = subprocess.run(
        ["git", "-C", str(directory), *arguments],
        input=None if message is None else message.encode(),
        env=environment,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise ReplayError(
            f"git {arguments[0]}: {done.stderr.decode().strip()}", where=str(directory)
        )
    return done.stdout.decode(errors="surrogateescape")


# --- export -----------------------------------------------------------------------------


def export_series(patches: Path, scratch: Path) -> None:
    """Makes the repository `scratch` from the series in `patches`."""
    series = read_series(patches)
    if scratch.exists() and any(scratch.iterdir()):
        raise ReplayError("is there already", where=str(scratch), do="name an empty directory")
    scratch.mkdir(parents=True, exist_ok=True)
    git(scratch, "init", "--quiet", "--initial-branch=series")
    for key, value in {
        "user.name": "series",
        "user.email": "series@localhost",
        "commit.gpgsign": "false",
        "core.autocrlf": "false",
    }.items():
        git(scratch, "config", key, value)
    commit_tree(scratch, series.base, "base\n", BASE_DATE)
    for patch, tree in zip(series.patches, series.trees[1:], strict=True):
        header = split_header(read_text(patches / patch.name))[0].rstrip("\n")
        date = parsedate_to_datetime(patch.date).isoformat()
        commit_tree(scratch, tree, f"{header}\n\nPatch: {patch.name}\n", date)


def commit_tree(scratch: Path, tree: Tree, message: str, date: str) -> None:
    """Commits `tree` as the whole content of the repository."""
    for path in scratch.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for file in tree.files:
        path = scratch / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.text.encode())
    git(scratch, "add", "--all", "--force")
    arguments = ("--quiet", "--cleanup=verbatim", "--no-verify", "--file=-")
    git(scratch, "commit", *arguments, message=message, date=date)


# --- import -----------------------------------------------------------------------------


def import_series(scratch: Path, patches: Path) -> None:
    """Writes base/, series and the patch files of the branch in `scratch`, if they are sound."""
    check_at_rest(scratch)
    root, *commits = git(scratch, "rev-list", "--reverse", "HEAD").split()
    with tempfile.TemporaryDirectory(dir=patches.parent) as temporary:
        made = Path(temporary)
        write_base(scratch, root, made / "base")
        names = [
            write_patch(scratch, commit, place, made) for place, commit in enumerate(commits, 1)
        ]
        for name in names:
            if names.count(name) > 1:
                raise ReplayError(f"two commits are called {name}", do="change a Patch: line")
        (made / "series").write_text(leading_comments(patches) + "".join(f"{n}\n" for n in names))
        read_series(made)
        replace_series(made, patches)


def check_at_rest(scratch: Path) -> None:
    """Refuses a repository that is in the middle of something."""
    busy = [name for name in ("rebase-merge", "rebase-apply") if (scratch / ".git" / name).exists()]
    if busy:
        raise ReplayError("a rebase is under way", where=str(scratch), do="finish it first")
    if git(scratch, "status", "--porcelain"):
        raise ReplayError("has uncommitted changes", where=str(scratch), do="commit them first")
    if git(scratch, "rev-list", "--merges", "HEAD"):
        raise ReplayError("has a merge", where=str(scratch), do="make the branch linear")


def write_base(scratch: Path, root: str, base: Path) -> None:
    """The files of the first commit."""
    for name in git(scratch, "ls-tree", "-r", "-z", "--name-only", root).split("\0"):
        if name:
            path = base / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(
                git(scratch, "show", f"{root}:{name}").encode(errors="surrogateescape")
            )


def write_patch(scratch: Path, commit: str, place: int, directory: Path) -> str:
    """Writes the patch file of a commit and returns its name."""
    message = git(scratch, "log", "-1", "--format=%B", commit).rstrip("\n")
    header = TRAILER.sub("", message)
    where = f"commit {commit[:10]} ({header.partition('Subject: ')[2].partition(chr(10))[0]})"
    check_header(header, where)
    diff = git(scratch, *DIFF, f"{commit}^", commit)
    if not diff:
        raise ReplayError("changes nothing", where=where, do="drop it")
    lines = [line for line in diff.split("\n") if not line.startswith("index ")]
    text = f"{header}\n---\n" + "\n".join(lines)
    trailer = TRAILER.search(message)
    name = trailer.group(1) if trailer else made_name(place, parse_patch(text, where).subject)
    if not re.fullmatch(r"\w[\w.-]*\.patch", name):
        raise ReplayError(f"{name!r} is no name of a patch file", where=where)
    (directory / name).write_bytes(text.encode(errors="surrogateescape"))
    return name


def check_header(header: str, where: str) -> None:
    """A message begins with From, Date and Subject, and holds nothing that begins a diff."""
    match = HEADER.match(header + "\n")
    if not match:
        do = "begin it: From <40 digits> Mon Sep 17 00:00:00 2001, Date: ..., Subject: ..."
        raise ReplayError("its message has no header", where=where, do=do)
    try:
        parsedate_to_datetime(match["date"])
    except ValueError as error:
        do = "write it as Tue, 8 May 2012 16:51:49 +0200"
        raise ReplayError(f"Date: {match['date']} is no date", where=where, do=do) from error
    if split_header(header)[0] != header:
        raise ReplayError("its message has a line that begins a diff", where=where)


def made_name(place: int, subject: str) -> str:
    """01-block-another-fix.patch"""
    slug = re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")[:50].rstrip("-")
    return f"{place:02}-{slug}.patch"


def leading_comments(patches: Path) -> str:
    """The comment at the head of the series that is there, which no commit carries."""
    path = patches / "series"
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    end = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join(lines[:end])


def replace_series(made: Path, patches: Path) -> None:
    """Makes base/, series and *.patch of `patches` those of `made`; all else stays."""
    patches.mkdir(exist_ok=True)
    for path in owned(patches):
        if not (made / path).exists():
            (patches / path).unlink()
    for path in owned(made):
        target = patches / path
        data = (made / path).read_bytes()
        if not target.exists() or target.read_bytes() != data:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def owned(directory: Path) -> list[Path]:
    """The files of a series in `directory`, relative to it."""
    found = [*directory.glob("*.patch"), *directory.glob("series")]
    found += [path for path in directory.glob("base/**/*.py") if ".pc" not in path.parts]
    return sorted(path.relative_to(directory) for path in found)


def main() -> int:
    """Runs the command line; returns its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for command, source, target in (
        ("export", "patches", "scratch"),
        ("import", "scratch", "patches"),
    ):
        subparser = commands.add_parser(command)
        subparser.add_argument(source, type=Path)
        subparser.add_argument(target, type=Path)
    arguments = parser.parse_args()
    try:
        if arguments.command == "export":
            export_series(arguments.patches.resolve(), arguments.scratch.resolve())
        else:
            import_series(arguments.scratch.resolve(), arguments.patches.resolve())
    except ReplayError as error:
        print(f"series_branch: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
