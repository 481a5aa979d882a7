"""Variants that differ from one of a subject's by a change of its text."""

import difflib
from collections.abc import Callable
from pathlib import Path

from replay.variants.variant import Subject, Variant


def patch_file(variant: Variant, path: Path, change: Callable[[str, str], str]) -> Path:
    """Writes a patch that makes of each file of a variant what `change` does of name and text."""
    text = ""
    for file in variant.tree.files:
        old, new = (t.splitlines(keepends=True) for t in (file.text, change(file.name, file.text)))
        text += "".join(difflib.unified_diff(old, new, f"a/{file.name}", f"b/{file.name}"))
    assert text, "nothing is changed"
    path.write_text(text)
    return path


def changed(subject: Subject, path: Path, *edits: tuple[str, str]) -> Variant:
    """The subject's variant `after` with each of these texts, which it has once, replaced."""
    after = subject.variant("after")
    whole = "".join(file.text for file in after.tree.files)
    assert [whole.count(old) for old, _ in edits] == [1] * len(edits)

    def change(_: str, text: str) -> str:
        for old, new in edits:
            text = text.replace(old, new)
        return text

    return subject.variant(f"after+{patch_file(after, path, change)}")
