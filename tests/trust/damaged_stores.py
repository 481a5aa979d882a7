"""SQLite stores of which bytes and pages were changed, cut off, doubled or filled with zeros.

    python -m tests.trust.damaged_stores [CASES] [SEED]

prints the cases in which a command ended in anything but a right answer or an error in words, took
too long or too much memory, and those in which `verify` found nothing though a row had changed.
"""

import json
import random
import resource
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from typer.testing import CliRunner, Result

from replay.cli.app import app
from replay.errors import ReplayError
from replay.formats import read as ingest
from replay.store import unfinished
from replay.store.event_store import open_store

TOY = Path(__file__).parents[1] / "toy"
SECONDS = 10
MEMORY = 1 << 30
TABLES = ("events", "logs", "observations", "recordings", "messages")

COMMANDS = (
    ("verify",),
    ("logs",),
    ("log", "yard"),
    ("export",),
    ("run", "yard", "--at", "with"),
    ("diff", "--all"),
)

LOG = """\
{{"replay_log": 1, "name": "{name}", "description": "what {name} is"}}
{{"kind": "command", "channel": "cli", "name": "train", "arguments": "7,lit"}}
{{"kind": "command", "channel": "qmp", "name": "couple", "arguments": {arguments}}}
{{"kind": "observation", "name": "query-yard", "arguments": {{}}, "answer": ["{name}"]}}
{{"kind": "command", "channel": "qmp", "name": "uncouple", "arguments": {{"train": "7"}}}}
"""
TURN = '{"kind": "command", "channel": "hmp", "name": "turn", "arguments": "7"}\n'


class Whole(NamedTuple):
    """A store before it is damaged: its bytes, its rows, and what the commands say of it."""

    data: bytes
    rows: dict[str, list[object]]
    told: dict[tuple[str, ...], str]


class TooLong(Exception):
    """A command did not end."""


def whole(place: Path) -> Whole:
    """A store of some logs and a recording that is no log yet."""
    file = place / "whole.db"
    with open_store(file) as store:
        for name in ("yard", *(f"log{number}" for number in range(9))):
            arguments = json.dumps({"train": "7", "load": len(name)})
            text = LOG.format(name=name, arguments=arguments)
            if name == "log8":
                text += TURN * 40
            (place / f"{name}.jsonl").write_text(text)
            store.add(ingest.read(place / f"{name}.jsonl"))
        recording = unfinished.begin(store.database, "half")
        unfinished.append(store.database, recording.id, [b'{"execute": "stop"}'])
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    told = {words: called(file, words).output for words in COMMANDS}
    return Whole(file.read_bytes(), rows(file), told)


def rows(file: Path) -> dict[str, list[object]]:
    """All rows of a file by their tables, of what can be read of it."""
    found: dict[str, list[object]] = {}
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        for table in TABLES:
            found[table] = []
            with suppress(sqlite3.Error):
                found[table] += connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")
    return found


def called(file: Path, words: tuple[str, ...]) -> Result:
    """How a command on a store ends, after so many seconds at the latest."""
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        return CliRunner().invoke(app, ["--db", str(file), "--patches", str(TOY), *words])
    finally:
        signal.alarm(0)


def stop(*_: object) -> None:
    """Ends what takes too long."""
    raise TooLong


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The bytes with a few of them, or of their pages, other than they were."""
    made = bytearray(data)
    size = int.from_bytes(data[16:18], "big")
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        start = chance.randrange(len(made))
        page = start // size * size
        match chance.choice(("flip", "flip", "set", "zero", "copy", "page", "swap", "cut", "more")):
            case "flip":
                made[start] ^= 1 << chance.randrange(8)
            case "set":
                made[start] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
            case "zero":
                end = min(start + chance.randrange(1, 200), len(made))
                made[start:end] = bytes(end - start)
            case "copy":
                other, length = chance.randrange(len(made)), chance.randrange(1, 300)
                piece = made[other : other + length][: len(made) - start]
                made[start : start + len(piece)] = piece
            case "page":
                made[page : page + size] = bytes(size)
            case "swap":
                other = chance.randrange(len(made)) // size * size
                made[page : page + size], made[other : other + size] = (
                    made[other : other + size],
                    made[page : page + size],
                )
            case "cut":
                del made[max(start, 1) :]
                break
            case "more":
                made += made[page : page + size]
    return bytes(made)


def wrong(store: Whole, file: Path) -> Iterator[str]:
    """What no command may do, done with this damaged file.

    Where headers and observations changed, which no fingerprint covers, `verify` alone has to say.
    """
    is_fine = False
    for words in COMMANDS:
        data = file.read_bytes()
        result = called(file, words)
        error = result.exception
        if isinstance(error, ReplayError):
            if "\n" in str(error):
                yield f"{words}: more than a line: {error}"
        elif error is not None and not isinstance(error, SystemExit):
            yield f"{words}: {type(error).__name__}: {str(error)[:200]}"
        elif words == ("verify",):
            is_fine = result.exit_code == 0
            if is_fine and rows(file) != store.rows:
                yield "verify found nothing, and rows are other ones"
        elif (is_fine or words[0] == "run") and result.output != store.told[words]:
            yield f"{words}: another answer"
        file.write_bytes(data)


def failures(cases: int, seed: int = 0) -> Iterator[str]:
    """What is wrong in so many cases, each with its number."""
    with tempfile.TemporaryDirectory() as place:
        store = whole(Path(place))
        for number in range(cases):
            file = Path(place) / "damaged.db"
            for rest in Path(place).glob("damaged.db*"):
                rest.unlink()
            file.write_bytes(damaged(store.data, random.Random(f"{seed} {number}")))
            yield from (f"{seed} {number}: {what}" for what in wrong(store, file))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (2 * MEMORY, 2 * MEMORY))
    count = 0
    for what in failures(*[int(word) for word in sys.argv[1:]] or [1000]):
        count += 1
        print(what, flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{count} found, {peak} MiB")
    sys.exit(bool(count))
