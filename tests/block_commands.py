"""What becomes of each command of QEMU's block schema: the table in patches/COMMANDS.md.

`python -m tests.block_commands` writes it anew; a test holds that it is what translate.toml says.
"""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from replay.formats.commands import QUERY_PREFIXES
from replay.variants.variant import Subject, load_subject

PATCHES = Path(__file__).parents[1] / "patches"
TABLE = PATCHES / "COMMANDS.md"

SCHEMA = (Path(__file__).parent / "data/block-commands.txt").read_text().split()
"""The commands of block-core, block, block-export, job and transaction in QEMU 7.2, those that came
until QEMU 11, and the snapshots of whole machines."""

WITHOUT = {
    "blockdev-set-active": "no node of these trees can be inactive by itself",
    "blockdev-snapshot-delete-internal-sync": "snapshots inside an image are not in the model",
    "blockdev-snapshot-internal-sync": "snapshots inside an image are not in the model",
    "snapshot-delete": "snapshots inside an image are not in the model",
    "snapshot-load": "snapshots inside an image are not in the model",
    "snapshot-save": "snapshots inside an image are not in the model",
    "x-blockdev-amend": "no command of these trees changes an image's own options",
    "x-blockdev-change": "these trees have no quorum, whose children it changes",
}
"""Why nothing in these trees does what a command does; import and run say so where one comes."""

TITLE = """\
# What becomes of QEMU's block commands

Each command of the block schema of QEMU 7.2 to 11, as a recording may have it, and what the trees
of this series are told in its place. `translate.toml` says how; `python -m tests.block_commands`
makes this table of it. `replay import --dry-run` counts for a recording what is translated, what
asks nothing, and what has no equivalent.

"""


def rows(subject: Subject) -> Iterator[tuple[str, str, str]]:
    """Each command with what becomes of it, and a word about that."""
    document = tomllib.loads((PATCHES / "translate.toml").read_text())
    functions = {
        statement.name: statement
        for statement in ast.parse(document["language"]).body
        if isinstance(statement, ast.FunctionDef)
    }
    trees = "\n".join(
        line.text for tree in subject.series.trees for file in tree.files for line in file.lines
    )
    for command in sorted(SCHEMA):
        function = f"qmp_{command.replace('-', '_')}"
        is_there = f"def {function}(" in trees
        if command.startswith(QUERY_PREFIXES):
            yield command, "observed", "its answer is kept beside the log"
        elif reason := document["idle"].get(f"qmp {command}"):
            yield command, "asks nothing", reason
        elif function in functions:
            word = "asks nothing" if only_texts(functions[function]) else "translated"
            said = (ast.get_docstring(functions[function]) or "").rstrip(".")
            said = said.removeprefix(command).removesuffix(", which the trees have").lstrip(":, ")
            yield command, f"as it is, or {word}" if is_there else word, said
        elif is_there:
            yield command, "as it is", ""
        else:
            yield command, "without equivalent", WITHOUT[command]


def only_texts(function: ast.FunctionDef) -> bool:
    """Whether a function returns nothing but texts, which say why a command asks nothing."""
    returns = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
    values = [node.value.value for node in returns if isinstance(node.value, ast.Constant)]
    return len(values) == len(returns) and any(isinstance(value, str) for value in values)


def table(subject: Subject) -> str:
    """The whole document."""
    lines = [f"| `{command}` | {what} | {why} |" for command, what, why in rows(subject)]
    head = "| command | what becomes of it | |\n|---|---|---|\n"
    return TITLE + head + "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(load_subject(PATCHES)))
