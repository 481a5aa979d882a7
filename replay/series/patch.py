"""Parsing a patch: mail or git header, and its unified diff."""

import codecs
import email
import email.header
import hashlib
import re
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message
from functools import cached_property

from replay.errors import BadInput
from replay.series.unified_diff import FileChange, parse_diff, starts_diff

_FROM = re.compile(r"From ([0-9a-f]{40}) ")
_MAIL_START = re.compile(r"^From \S+ +\w{3} \w{3} +\d+ [\d:]+ \d{4}", re.MULTILINE)
_MAIL_HEADER = re.compile(r"(From|Date|Subject|Message-ID|MIME-Version): ", re.IGNORECASE)
_SUBJECT_TAG = re.compile(r"^(\[[^]]*\]\s*)+")
OF_DOMAINS = ("punycode", "idna")
_NUMBERED = re.compile(r"\[[^]]*\b(\d+)/\d+\]")
_NUMBER = re.compile(r"^\d\w*-")
_COMMITS = re.compile(r"^Commits:((?:\s+[0-9a-f]{7,40})+)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Patch:
    """A commit, or a named group of neighbours, as a change of the model.

    `sha`, `date` and `author` are "" where the file does not tell them; `commits` are the other
    members of a group. `text` is the whole file with any encoding of a mail undone, of which the
    diff begins in line `start`, from 0; `strip` is as in `parse_patch`.
    """

    name: str
    sha: str
    date: str
    author: str
    subject: str
    description: str
    commits: tuple[str, ...]
    text: str
    start: int
    strip: int

    @cached_property
    def files(self) -> tuple[FileChange, ...]:
        """What it does to each file; raises BadInput where that is no diff of model files."""
        lines = self.text.removesuffix("\n").split("\n")
        return parse_diff(lines, self.start, self.name, self.strip)

    @property
    def group(self) -> str:
        """What a group of commits is called: its file without number and suffix; "" for one."""
        return _NUMBER.sub("", self.name.removesuffix(".patch")) if self.commits else ""

    @property
    def title(self) -> str:
        """The subject; of a group its name, since the subject is that of its first commit."""
        if self.commits:
            return f"{self.group} ({len(self.commits) + 1} commits)"
        return self.subject or self.name

    @cached_property
    def id(self) -> str:
        """sha256 hex of what it adds to and removes from each file, whatever stands around it.

        Moved or rebased, a patch keeps it; a changed hunk makes another.
        """
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(f"{file.kind} {file.path}\n".encode())
            for edit in (edit for hunk in file.hunks for edit in hunk.edits):
                if edit.mark != " ":
                    digest.update(f"{edit.mark}{edit.text.strip()}\n".encode())
        return digest.hexdigest()


def parse_patch(text: str, name: str, strip: int = 1) -> Patch:
    """The patch that `text` holds: a bare diff, git format-patch output or one mbox mail.

    `strip` is the number of leading components taken off a path, as patch's -p; a path that has
    fewer loses all but its name. Raises ReplayError with `name` and line for anything that is
    not a well-formed unified diff of model files.
    """
    patch = open_patch(text, name, strip)
    patch.files  # noqa: B018, looking at them is the check
    return patch


def open_patch(text: str, name: str, strip: int = 1) -> Patch:
    """The same without a look at the diff; raises BadInput for what is no mail or several."""
    text, mail = plain_mail(text, name)
    header, start = split_header(text)
    sha = _FROM.match(text)
    description = header if mail is None else header.partition("\n\n")[2]
    commits = _COMMITS.search(header)
    return Patch(
        name=name,
        sha=sha.group(1) if sha else "",
        date=_header(mail, "Date"),
        author=_header(mail, "From"),
        subject=subject_of(mail),
        description=description.strip("\n"),
        commits=tuple(commits.group(1).split()) if commits else (),
        text=text,
        start=start,
        strip=strip,
    )


def split_mails(text: str) -> tuple[str, ...]:
    """The mails of an mbox, as they stand; of any other file the one text that it is."""
    text = text.replace("\r\n", "\n")
    starts = [match.start() for match in _MAIL_START.finditer(text)]
    if len(starts) < 2:
        return (text,)
    ends = [*starts[1:], len(text)]
    return tuple(text[start:end] for start, end in zip(starts, ends, strict=True))


def split_header(text: str) -> tuple[str, int]:
    """What stands before the diff, without a line `---` at its end, and the diff's line from 0."""
    lines = text.split("\n")
    diff = next((index for index in range(len(lines)) if starts_diff(lines, index)), len(lines))
    end = next((index for index in range(diff) if lines[index].rstrip() == "---"), diff)
    return "\n".join(lines[:end]), diff


def plain_mail(text: str, name: str) -> tuple[str, Message | None]:
    """A patch's text with any transfer encoding undone, and the mail that it is, if it is one.

    Raises BadInput for several mails in one, and for one that cannot be decoded.
    """
    text = text.replace("\r\n", "\n")
    mail = _mail(text, name)
    return (text, None) if mail is None else (_decoded(mail, text, name), mail)


def number_in_series(mail: Message | None) -> int | None:
    """The 3 of "[PATCH v2 3/7]" in a mail's subject; None where it has no such tag."""
    match = _NUMBERED.match(_header(mail, "Subject"))
    return int(match[1]) if match else None


def label(patch: Patch) -> str:
    """A patch as messages name it: short sha and subject, or its file; a group by its name."""
    if patch.commits:
        return f"{patch.sha[:8]} ({patch.group}, {len(patch.commits) + 1} commits)"
    return f"{patch.sha[:8]} ({patch.subject})" if patch.sha else patch.name


def subject_of(mail: Message | None) -> str:
    """A patch mail's subject without tags as [PATCH]; "" without a mail."""
    return _SUBJECT_TAG.sub("", _header(mail, "Subject"))


# --- mail -------------------------------------------------------------------------------


def _mail(text: str, name: str) -> Message | None:
    """The mail that the file is, or None if it begins with no mail header."""
    if len(_MAIL_START.findall(text)) > 1:
        raise BadInput("holds more than one mail", where=name, do=f"name one of them, as {name}:1")
    paragraph = text.partition("\n\n")[0]
    if not any(_MAIL_HEADER.match(line) for line in paragraph.split("\n")):
        return None
    # Of most patches the header is all that a mail parser is needed for, and it is slow.
    mail = email.message_from_string(paragraph)
    if mail.get_content_maintype() != "multipart" and not _encodes(mail):
        return mail
    try:
        return email.message_from_string(text)
    except RecursionError:
        raise BadInput("the mail is nested too deeply", where=name) from None


def _decoded(mail: Message, text: str, name: str) -> str:
    """The text of a mail with its transfer encoding undone; as it was where there is none."""
    if not mail.is_multipart() and not _encodes(mail):
        return text
    parts = [part for part in mail.walk() if part.get_content_maintype() == "text"]
    body = "\n".join(_payload(part, name) for part in parts)
    return (text.partition("\n\n")[0] + "\n\n" + body).replace("\r\n", "\n")


def _payload(part: Message, name: str) -> str:
    if not _encodes(part):
        return str(part.get_payload())
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    try:
        return _sound(data.decode(_charset(part.get_content_charset("utf-8"))))
    except (LookupError, ValueError) as error:
        raise BadInput(f"the mail's text cannot be decoded: {error}", where=name) from error


def _charset(name: str) -> str:
    """The name of a character set; LookupError for one of domain names, which takes long."""
    if codecs.lookup(name).name in OF_DOMAINS:
        raise LookupError(f"{name} is for the names of domains")
    return name


def _sound(text: str) -> str:
    """The text; UnicodeError for one with half a character, which some charsets can say."""
    text.encode()
    return text


def _encodes(mail: Message) -> bool:
    """Whether the body is written in other characters than those of its text."""
    encoding = str(mail.get("Content-Transfer-Encoding", "")).strip().lower()
    return encoding in ("quoted-printable", "base64")


def _header(mail: Message | None, key: str) -> str:
    if mail is None:
        return ""
    raw = " ".join(str(mail.get(key, "")).split())
    try:
        words = email.header.decode_header(raw)
        for _, charset in words:
            _charset(charset or "ascii")
        return _sound(str(email.header.make_header(words)))
    except (LookupError, ValueError, MessageError):
        return raw
