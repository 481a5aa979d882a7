"""Who may know whom: the rooms are the folders of replay/, the arrows are read off the imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2] / "replay"

MAY_KNOW = {
    "events": [],
    "state": [],
    "series": [],
    "language": ["series", "state"],
    "variants": ["language", "events"],
    "engine": ["variants"],
    "analysis": ["engine"],
    "store": ["events"],
    "formats": ["events"],
    "qemu": ["engine", "formats"],
    "reports": ["analysis", "qemu"],
    "api": ["reports", "store"],
    "cli": ["api"],
}
"""The rooms that each room may know, and through them all that those may know."""

FOR_ALL = {"chunks", "errors", "files", "garbage", "printable", "progress", "workers"}
"""The modules beside the rooms that every room may know."""

FACES = {"__init__", "__main__", "api"}
"""The modules beside the rooms that hand on what the rooms have."""

MOST_MODULES = 15
"""So many modules a folder may have; beyond it nobody finds anything at a glance."""


def reachable(room: str) -> set[str]:
    """All rooms that a room may know."""
    return set(MAY_KNOW[room]).union(*map(reachable, MAY_KNOW[room]))


def room_of(file: Path) -> str:
    """The folder below replay/ that a file is in, or its own name beside them."""
    return file.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(file: Path) -> Iterator[str]:
    """The rooms below replay that a file imports from, wherever in it."""
    for statement in ast.walk(ast.parse(file.read_text())):
        if isinstance(statement, ast.ImportFrom) and statement.module == "replay":
            yield from (name.name for name in statement.names if name.name != "__version__")
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            package, _, rest = statement.module.partition(".")
            if package == "replay":
                yield rest.partition(".")[0]
        elif isinstance(statement, ast.Import):
            names = [alias.name.split(".") for alias in statement.names]
            yield from (parts[1] for parts in names if parts[0] == "replay" and len(parts) > 1)


def arrows() -> Iterator[tuple[Path, str, str]]:
    """Every import of a room by another: the file, its room, the room that it knows."""
    for file in sorted(ROOT.rglob("*.py")):
        room = room_of(file)
        if room not in FACES - {"api"}:
            yield from ((file, room, other) for other in imports(file) if other != room)


def test_the_rooms_are_the_folders():
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "__pycache__"}
    modules = {path.stem for path in ROOT.glob("*.py")}
    assert folders == set(MAY_KNOW) - {"api"}
    assert modules == FOR_ALL | FACES


def test_no_room_knows_one_that_it_must_not_know():
    wrong = [
        f"{file.relative_to(ROOT)}: {room} knows {other}"
        for file, room, other in arrows()
        if other not in FOR_ALL and other not in reachable(room)
    ]
    assert wrong == []


def test_what_every_room_may_know_knows_no_room():
    assert [f for f, room, other in arrows() if room in FOR_ALL and other not in FOR_ALL] == []


def test_the_walk_sees_imports():
    pairs = {(room, other) for _, room, other in arrows()}
    assert {("cli", "reports"), ("engine", "variants")} <= pairs


def test_no_folder_has_more_modules_than_one_takes_in():
    folders = {path.parent for path in ROOT.rglob("*.py")}
    sizes = {f: len([p for p in f.glob("*.py") if p.stem != "__init__"]) for f in folders}
    assert {str(f.relative_to(ROOT)): n for f, n in sizes.items() if n > MOST_MODULES} == {}


def test_no_two_public_types_share_a_name():
    homes: dict[str, list[str]] = {}
    for file in sorted(ROOT.rglob("*.py")):
        for statement in ast.parse(file.read_text()).body:
            if isinstance(statement, ast.ClassDef) and not statement.name.startswith("_"):
                homes.setdefault(statement.name, []).append(str(file.relative_to(ROOT)))
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}


def test_only_formats_and_qemu_know_a_function_of_qemu():
    functions = {
        statement.name
        for file in (ROOT.parent / "patches" / "base").rglob("*.py")
        for statement in ast.parse(file.read_text()).body
        if isinstance(statement, ast.FunctionDef)
    }
    named = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in ROOT.rglob("*.py")
        if room_of(file) not in ("formats", "qemu")
        for name in functions
        if "_" in name and name in file.read_text()
    }
    handlers = ("await_job", "guest_read", "guest_write")  # named after kinds of events
    assert named <= {f"engine/transitions/request.py: {name}" for name in handlers}
