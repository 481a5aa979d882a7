"""Who may know whom: the arrows between the rooms of replay/, held by walking the imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1] / "replay"

ROOMS = {
    "errors": ["errors", "interned", "watch"],
    "events": ["events", "jsonform"],
    "ingest": ["ingest"],
    "record": ["record"],
    "store": [
        "store",
        "stored",
        "rows",
        "database",
        "tables",
        "upgrade",
        "shipped",
        "recordings",
        "verify",
        "backup",
    ],
    "state": ["state", "disk", "extents", "workdisk"],
    "series": ["series"],
    "language": ["language"],
    "variants": ["variants", "dictionary", "recipe", "subject", "source"],
    "replayer": ["replayer", "translation"],
    "differ": ["differ", "comparison", "seen", "view", "roles"],
    "qemu": ["qemu"],
    "checks": ["checks", "topics"],
    "attribute": ["attribute", "baseline", "interactions", "observe", "parts", "way"],
    "bisect": ["bisect", "questions", "places"],
    "explain": ["explain", "loose", "writers", "chains", "origins", "lineage"],
    "conform": ["conform"],
    "report": ["report"],
    "cli": ["cli", "intake", "arguments", "listings", "output", "__main__"],
}
"""The modules of each room."""

MAY_KNOW = {
    "errors": [],
    "events": ["errors"],
    "ingest": ["events"],
    "record": ["ingest"],
    "store": ["events"],
    "state": ["errors"],
    "series": ["errors"],
    "language": ["series", "state"],
    "variants": ["language"],
    "replayer": ["variants", "events"],
    "differ": ["replayer"],
    "qemu": ["differ"],
    "attribute": ["differ"],
    "conform": ["differ", "ingest"],
    "checks": ["differ"],
    "bisect": ["checks", "attribute"],
    "explain": ["bisect"],
    "report": ["conform", "explain"],
    "cli": ["report", "qemu", "record", "store"],
}
"""The rooms that each room may know, and through them all that those may know."""


def room_of(module: str) -> str:
    """The room of a module, given by its first name below replay."""
    rooms = [room for room, modules in ROOMS.items() if module in modules]
    assert rooms, f"the module {module} has no room in this test"
    return rooms[0]


def reachable(room: str) -> set[str]:
    """All rooms that a room may know."""
    return set(MAY_KNOW[room]).union(*map(reachable, MAY_KNOW[room]))


def imports(file: Path) -> Iterator[str]:
    """The modules below replay that a file imports, wherever in it."""
    for statement in ast.walk(ast.parse(file.read_text())):
        if isinstance(statement, ast.ImportFrom) and statement.module == "replay":
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(
            "replay."
        ):
            yield (statement.module or "").split(".")[1]
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name.startswith("replay."):
                    yield alias.name.split(".")[1]


def arrows() -> Iterator[tuple[Path, str, str]]:
    """Every import of replay by replay: the file, its room, the room that it knows."""
    for file in sorted(ROOT.rglob("*.py")):
        module = file.relative_to(ROOT).parts[0].removesuffix(".py")
        for known in imports(file):
            if module != "__init__" and known != "__version__":
                yield file, room_of(module), room_of(known)


def test_every_module_has_a_room():
    modules = {path.stem for path in ROOT.glob("*.py")}
    modules |= {path.parent.name for path in ROOT.glob("*/*.py")}
    assigned = {module for room in ROOMS.values() for module in room}
    assert modules - {"__init__"} == assigned


def test_no_room_knows_one_that_it_must_not_know():
    wrong = [
        f"{file.relative_to(ROOT)}: {room} knows {known}"
        for file, room, known in arrows()
        if known != room and known not in reachable(room)
    ]
    assert wrong == []


def test_the_walk_sees_imports():
    assert ("cli", "report") in {(room, known) for _, room, known in arrows()}
    assert ("differ", "replayer") in {(room, known) for _, room, known in arrows()}


def test_the_engine_names_no_function_of_the_subject():
    functions = {
        statement.name
        for file in (ROOT.parent / "patches" / "base").rglob("*.py")
        for statement in ast.parse(file.read_text()).body
        if isinstance(statement, ast.FunctionDef)
    }
    named = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in ROOT.rglob("*.py")
        for name in functions
        if "_" in name and name in file.read_text()
    }
    events = ("await_job", "guest_read", "guest_write")  # handlers named after kinds of events
    traced = ("bdrv_open", "bdrv_open_common")  # the second is an event of QEMU's trace
    allowed = {f"replayer.py: {name}" for name in events}
    assert named <= allowed | {f"qemu/sight.py: {name}" for name in traced}
