"""Reading translate.toml, which says how newer commands are put in the model's terms.

translate.toml has two parts. `idle` gives, for "<channel> <name>", why a command asks nothing of
the trees. `language` is source in the model language: a class Memory, and functions that are
named as the model's are, `<channel>_<name>` with "-" as "_", or image. They take the event's
arguments and whether it succeeded when it was recorded, and return

- None: the event stays as it is,
- a text: it asks nothing of the trees, for this reason,
- a dict: the event object that it becomes.

Functions named foresee_<channel>_<name> go through the whole log first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from replay.errors import ReplayError
from replay.files import read_text, read_toml
from replay.language import Program, compile_tree
from replay.series import Tree, source_file
from replay.variants.checked_series import is_checked, remember_checked

FILE = "translate.toml"
MEMORY = "Memory"


@dataclass(frozen=True, eq=False)
class Dictionary:
    """The compiled functions and their source, and the reasons of what asks nothing."""

    program: Program
    idle: Mapping[str, str]
    source: str = ""


def read_dictionary(directory: Path) -> Dictionary | None:
    """The dictionary of the subject in a directory, None if it has none.

    Raises ReplayError with file, line and reason if it is not as described.
    """
    path = directory / FILE
    if not path.exists():
        return None
    document = read_toml(path, directory)
    source, idle = document.pop("language", ""), document.pop("idle", {})
    if document or not isinstance(source, str) or not isinstance(idle, dict):
        raise ReplayError("must have a text, language, and a table, idle", where=str(path))
    for name, reason in idle.items():
        if not isinstance(reason, str):
            raise ReplayError("must be a text", where=f"{path}: idle.{name}")
    # errors must give the lines of the source by their numbers in the file
    text = read_text(path)
    before = text[: text.find(source)].count("\n") if source else 0
    tree = Tree((source_file(FILE, "\n" * before + source),))
    is_known = is_checked(tree.digest, MEMORY)
    program = compile_tree(tree, MEMORY, is_checked=is_known)
    if not is_known:
        remember_checked(tree.digest, MEMORY)
    return Dictionary(program, idle, source)
