"""Patches that go on top of each other: those of a mailbox, or of a directory, in their order.

Each has a word of its own: a file's path, and of a mailbox with several patches `FILE:N`.
"""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from replay.errors import BadInput
from replay.files import is_file, must_lead_inside, read_text
from replay.series.load import PATCHES_LIMIT, series_entries
from replay.series.patch import (
    Patch,
    number_in_series,
    parse_patch,
    plain_mail,
    split_header,
    split_mails,
)

_ONE_OF = re.compile(r"(?P<file>.+):(?P<number>[1-9]\d{0,3})", re.DOTALL)
_SUFFIXES = {".patch", ".diff", ".eml", ".mbox"}


def is_stack(word: str) -> bool:
    """Whether a word names a file or a directory that may hold patches, or one patch of a file."""
    one = _ONE_OF.fullmatch(word)
    return _exists(word) or bool(one and is_file(Path(one["file"])))


def read_stack(word: str) -> tuple[tuple[str, Patch], ...]:
    """The patches that a word names, in the order of being applied, each with a word of its own.

    A mailbox is in the order of its mails, or of the numbers in their subjects where each has one
    (`[PATCH 2/3]`); a mail without a diff, as a cover letter, is left out. A directory is in the
    order of its file `series`, or of its file names. Raises BadInput for what holds no patch.
    """
    path, one = Path(word), _ONE_OF.fullmatch(word)
    if one and not _exists(word):
        return (_patch_at(Path(one["file"]), int(one["number"])),)
    every = _of_directory(path) if path.is_dir() else _of_file(path)
    patches = tuple(islice(every, PATCHES_LIMIT + 1))
    if len(patches) > PATCHES_LIMIT:
        raise BadInput(f"holds more than {PATCHES_LIMIT} patches", where=word)
    if not patches:
        do = f"put files {', '.join(sorted(_SUFFIXES))} into it"
        raise BadInput("holds no patch", where=word, do=do)
    return patches


def _exists(word: str) -> bool:
    path = Path(word)
    try:
        return path.is_file() or path.is_dir()
    except (OSError, ValueError):
        return False


def _of_file(path: Path) -> Iterator[tuple[str, Patch]]:
    mails = _patch_mails(path)
    for number, mail in enumerate(mails, 1):
        word = str(path) if len(mails) == 1 else f"{path}:{number}"
        yield word, parse_patch(mail, word)


def _patch_at(path: Path, number: int) -> tuple[str, Patch]:
    mails, word = _patch_mails(path), f"{path}:{number}"
    if number > len(mails):
        raise BadInput(f"there are {len(mails)} patches in the file", where=word)
    return word, parse_patch(mails[number - 1], word)


def _patch_mails(path: Path) -> list[str]:
    """The texts of a file's patches; of a file with one, be it none, that."""
    texts = split_mails(read_text(path))
    if len(texts) == 1:
        return list(texts)
    mails = [(text, *plain_mail(text, str(path))) for text in texts]
    patches = [(text, number_in_series(mail)) for text, plain, mail in mails if _has_diff(plain)]
    if len(patches) > PATCHES_LIMIT:
        raise BadInput(f"holds more than {PATCHES_LIMIT} patches", where=str(path))
    # Mails of a thread arrive in any order; numbers that do not tell them apart mean nothing.
    by_number = {number: text for text, number in patches if number}
    if len(by_number) == len(patches):
        return [by_number[number] for number in sorted(by_number)]
    return [text for text, _ in patches]


def _has_diff(text: str) -> bool:
    return split_header(text)[1] < len(text.split("\n"))


def _of_directory(directory: Path) -> Iterator[tuple[str, Patch]]:
    listed = directory / "series"
    must_lead_inside(listed, directory)
    names = _listed(listed) if is_file(listed) else _by_name(directory)
    for name in names:
        must_lead_inside(directory / name, directory)
        yield from _of_file(directory / name)


def _listed(path: Path) -> Iterator[str]:
    for name, strip, where in series_entries(path):
        if strip != 1:
            raise BadInput(f"only -p1 goes on top of a revision, not -p{strip}", where=where)
        yield name


def _by_name(directory: Path) -> list[str]:
    """The names of files that are patches by their suffix; one that is a mail alone is none."""
    files = [path for path in sorted(directory.iterdir()) if path.suffix in _SUFFIXES]
    return [path.name for path in files if _is_patch(path)]


def _is_patch(path: Path) -> bool:
    # git format-patch writes a cover letter beside the patches, and that changes nothing.
    return not (path.name.startswith("0000-") and not _has_diff(read_text(path)))
