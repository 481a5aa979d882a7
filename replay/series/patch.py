"""A patch: one commit's header and the unified diff that stands for it."""

import email
import email.header
import itertools
import re
from dataclasses import dataclass, replace
from email.message import Message
from typing import Literal

from replay.errors import ReplayError

_FROM = re.compile(r"From ([0-9a-f]{40}) ")
_MAIL_START = re.compile(r"^From \S+ +\w{3} \w{3} +\d+ [\d:]+ \d{4}", re.MULTILINE)
_MAIL_HEADER = re.compile(r"(From|Date|Subject|Message-ID|MIME-Version): ", re.IGNORECASE)
_SUBJECT_TAG = re.compile(r"^(\[[^]]*\]\s*)+")
_COMMITS = re.compile(r"^Commits:((?:\s+[0-9a-f]{7,40})+)\s*$", re.MULTILINE)
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_PATH = re.compile(r"(?:\w[\w-]*/)*\w[\w-]*\.py", re.ASCII)
_REFUSED = {
    "rename ": "a rename: write it as one file deleted and one created (git diff --no-renames)",
    "copy ": "a copy: write it as a created file (git diff --no-renames)",
    "old mode ": "a change of mode: a model's file has no mode",
    "GIT binary patch": "a binary patch: a model is text",
    "Binary files ": "a binary patch: a model is text",
    "diff --cc ": "the combined diff of a merge: diff against one parent",
    "diff --combined ": "the combined diff of a merge: diff against one parent",
}


@dataclass(frozen=True, slots=True)
class Edit:
    """A line of a hunk: kept (" "), removed ("-") or added ("+")."""

    mark: str
    text: str
    newline: bool = True


@dataclass(frozen=True, slots=True)
class Hunk:
    """Edits of neighbouring lines; `line` is its place in the patch file, `start` in the old file.

    Both count from 1.
    """

    line: int
    start: int
    edits: tuple[Edit, ...]

    @property
    def old(self) -> tuple[Edit, ...]:
        """The lines that have to be there."""
        return tuple(edit for edit in self.edits if edit.mark != "+")


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a patch does to one file of the model."""

    path: str
    kind: Literal["edit", "create", "delete"]
    line: int
    hunks: tuple[Hunk, ...]


@dataclass(frozen=True)
class Patch:
    """A commit, or a named group of neighbours, as a change of the model.

    `sha` and `date` are "" where the file does not tell them; `commits` are the other members
    of a group.
    """

    name: str
    sha: str
    date: str
    subject: str
    description: str
    commits: tuple[str, ...]
    files: tuple[FileChange, ...]


def parse_patch(text: str, name: str, strip: int = 1) -> Patch:
    """The patch that `text` holds: a bare diff, git format-patch output or one mbox mail.

    `strip` is the number of leading components taken off a path, as patch's -p; a path that has
    fewer loses all but its name. Raises ReplayError with `name` and line for anything that is
    not a well-formed unified diff of model files.
    """
    text = text.replace("\r\n", "\n")
    mail = _mail(text, name)
    if mail is not None:
        text = _decoded(mail, text, name)
    header, at = split_header(text)
    lines = text.removesuffix("\n").split("\n")
    files = _changes(lines, at, name, strip)
    sha = _FROM.match(text)
    description = header if mail is None else header.partition("\n\n")[2]
    commits = _COMMITS.search(header)
    return Patch(
        name=name,
        sha=sha.group(1) if sha else "",
        date=_header(mail, "Date"),
        subject=_SUBJECT_TAG.sub("", _header(mail, "Subject")),
        description=description.strip("\n"),
        commits=tuple(commits.group(1).split()) if commits else (),
        files=files,
    )


def split_header(text: str) -> tuple[str, int]:
    """What stands before the diff, without a line `---` at its end, and the diff's line from 0."""
    lines = text.split("\n")
    diff = next((at for at in range(len(lines)) if _starts_diff(lines, at)), len(lines))
    end = next((at for at in range(diff) if lines[at].rstrip() == "---"), diff)
    return "\n".join(lines[:end]), diff


def _starts_diff(lines: list[str], at: int) -> bool:
    return lines[at].startswith("diff --") or _is_file_header(lines, at)


def _is_file_header(lines: list[str], at: int) -> bool:
    following = lines[at + 1] if at + 1 < len(lines) else ""
    return lines[at].startswith("--- ") and following.startswith("+++ ")


# --- mail -------------------------------------------------------------------------------


def _mail(text: str, name: str) -> Message | None:
    """The mail that the file is, or None if it begins with no mail header."""
    if len(_MAIL_START.findall(text)) > 1:
        raise ReplayError("holds more than one mail", where=name, do="save each patch by itself")
    paragraph = text.partition("\n\n")[0]
    if not any(_MAIL_HEADER.match(line) for line in paragraph.split("\n")):
        return None
    return email.message_from_string(text)


def _decoded(mail: Message, text: str, name: str) -> str:
    """The text of a mail with its transfer encoding undone; as it was where there is none."""
    encoded = mail.is_multipart() or _encoding(mail) in ("quoted-printable", "base64")
    if not encoded:
        return text
    parts = [part for part in mail.walk() if part.get_content_maintype() == "text"]
    body = "\n".join(_payload(part, name) for part in parts)
    return (text.partition("\n\n")[0] + "\n\n" + body).replace("\r\n", "\n")


def _payload(part: Message, name: str) -> str:
    if _encoding(part) not in ("quoted-printable", "base64"):
        return str(part.get_payload())
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    try:
        return data.decode(part.get_content_charset("utf-8"))
    except (LookupError, UnicodeDecodeError) as error:
        raise ReplayError(f"the mail's text cannot be decoded: {error}", where=name) from error


def _encoding(mail: Message) -> str:
    return str(mail.get("Content-Transfer-Encoding", "")).strip().lower()


def _header(mail: Message | None, key: str) -> str:
    if mail is None:
        return ""
    words = email.header.decode_header(" ".join(str(mail.get(key, "")).split()))
    return str(email.header.make_header(words))


# --- diff -------------------------------------------------------------------------------


def _changes(lines: list[str], at: int, name: str, strip: int) -> tuple[FileChange, ...]:
    """Every file's change from line `at` on."""
    changes: list[FileChange] = []
    announced = None
    while at < len(lines):
        line = lines[at]
        _refuse(line, f"{name}:{at + 1}")
        if line.startswith("diff --git "):
            _check_changed(announced, name)
            announced = at
            at += 1
        elif _is_file_header(lines, at):
            change, at = _file_change(lines, at, name, strip)
            changes.append(change)
            announced = None
        elif line.startswith("@@ "):
            raise ReplayError("a hunk without its file's --- and +++", where=f"{name}:{at + 1}")
        else:
            at += 1
    _check_changed(announced, name)
    if not changes:
        raise ReplayError("holds no unified diff", where=name, do="make it with git diff")
    _check_once(changes, name)
    return tuple(changes)


def _refuse(line: str, where: str) -> None:
    for start, reason in _REFUSED.items():
        if line.startswith(start):
            raise ReplayError(f"refused {reason}", where=where)


def _check_changed(announced: int | None, name: str) -> None:
    if announced is not None:
        raise ReplayError(
            "a file's diff without a hunk", where=f"{name}:{announced + 1}", do="drop it"
        )


def _check_once(changes: list[FileChange], name: str) -> None:
    seen: set[str] = set()
    for change in changes:
        if change.path in seen:
            where = f"{name}:{change.line}"
            raise ReplayError(f"changes {change.path} twice", where=where, do="join the hunks")
        seen.add(change.path)


def _file_change(lines: list[str], at: int, name: str, strip: int) -> tuple[FileChange, int]:
    """The change whose `---` is at `at`, and the line after it."""
    where = f"{name}:{at + 1}"
    old, new = (_stripped(lines[at + side], strip) for side in (0, 1))
    if old is None and new is None:
        raise ReplayError("both sides are /dev/null", where=where)
    if old is not None and new is not None and old != new:
        raise ReplayError(f"refused {_REFUSED['rename ']} ({old}, {new})", where=where)
    path = old if old is not None else new
    assert path is not None
    if not _PATH.fullmatch(path):
        do = "name a .py file by its path relative to base/"
        raise ReplayError(f"{path!r} is no path of a model file", where=where, do=do)
    kind: Literal["edit", "create", "delete"] = (
        "create" if old is None else "delete" if new is None else "edit"
    )
    line = at + 1
    at += 2
    hunks: list[Hunk] = []
    while at < len(lines) and lines[at].startswith("@@"):
        hunk, at = _hunk(lines, at, name)
        hunks.append(hunk)
    _check_hunks(hunks, kind, where)
    return FileChange(path, kind, line, tuple(hunks)), at


def _stripped(line: str, strip: int) -> str | None:
    """The path of a `---` or `+++` line without a time stamp; None for /dev/null."""
    path = line[4:].partition("\t")[0].rstrip()
    if path == "/dev/null":
        return None
    if path.startswith("/"):
        return path
    parts = path.split("/")
    return "/".join(parts[min(strip, len(parts) - 1) :])


def _hunk(lines: list[str], at: int, name: str) -> tuple[Hunk, int]:
    """The hunk whose @@ is at `at`, and the line after it."""
    where = f"{name}:{at + 1}"
    match = _HUNK.match(lines[at])
    if match is None:
        raise ReplayError(f"not a hunk's header: {lines[at][:60]!r}", where=where)
    start = int(match[1])
    old, new = (int(match[group] or "1") for group in (2, 4))
    edits: list[Edit] = []
    end = at + 1
    while end < len(lines):
        line = lines[end]
        if line.startswith("\\") and edits:
            edits[-1] = replace(edits[-1], newline=False)
        elif old == new == 0:
            break
        else:
            mark, text = line[:1] or " ", line[1:]
            old -= mark != "+"
            new -= mark != "-"
            if mark not in " +-" or old < 0 or new < 0:
                break
            edits.append(Edit(mark, text))
        end += 1
    if old or new or _goes_on(lines, end):
        do = "the counts in its @@ line and its lines disagree; make the diff again"
        raise ReplayError("a hunk that is cut off or too long", where=where, do=do)
    return Hunk(at + 1, start, tuple(edits)), end


def _goes_on(lines: list[str], at: int) -> bool:
    """True if a line that looks like a hunk's follows; a mail's signature mark does not."""
    if at >= len(lines) or lines[at].rstrip() == "--" or _is_file_header(lines, at):
        return False
    return lines[at].startswith((" ", "+", "-"))


def _check_hunks(hunks: list[Hunk], kind: str, where: str) -> None:
    if not hunks:
        raise ReplayError("a file's diff without a hunk", where=where, do="drop it")
    for before, hunk in itertools.pairwise(hunks):
        if hunk.start < before.start + len(before.old):
            raise ReplayError("hunks overlap or are out of order", where=f"{where} @{hunk.line}")
    for hunk in hunks:
        if kind != "create" and not hunk.old:
            do = "make the diff with three lines of context"
            raise ReplayError("a hunk without context", where=f"{where} @{hunk.line}", do=do)
    marks = {edit.mark for hunk in hunks for edit in hunk.edits}
    allowed = {"create": {"+"}, "delete": {"-"}}.get(kind, {" ", "+", "-"})
    whole = len(hunks) == 1 and hunks[0].start == (0 if kind == "create" else 1)
    if not marks <= allowed or (kind != "edit" and not whole):
        raise ReplayError(f"the hunks do not {kind} the whole file", where=where)
