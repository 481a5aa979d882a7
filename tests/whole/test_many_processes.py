"""Many processes at one database: everything is there once, and nobody is told of a lock."""

import sqlite3
from contextlib import closing
from pathlib import Path

from replay.store.backup import backup
from replay.store.event_store import open_store
from tests.whole.children import command, finish, imports, reads, start
from tests.whole.soundness import answered, sound, unharmed, written

TOY = Path(__file__).parents[1] / "toy"
WRITERS = 8
FILES = 50
READERS = 4
YARD = """\
{"replay_log": 1, "name": "yard"}
{"kind": "command", "channel": "cli", "name": "train", "arguments": "7,lit"}
"""


def test_writers_and_readers_get_along(tmp_path):
    db, until = tmp_path / "replay.db", tmp_path / "done"
    (tmp_path / "yard.jsonl").write_text(YARD)
    assert finish(command, tmp_path / "out", "--db", db, "import", tmp_path / "yard.jsonl") == 0
    files = [written(tmp_path, FILES, 5 + n, f"w{n}-") for n in range(WRITERS)]
    outs = [tmp_path / f"out{n}" for n in range(WRITERS)]
    writers = [start(imports, out, db, some) for out, some in zip(outs, files, strict=True)]
    seen = [tmp_path / f"seen{n}" for n in range(READERS)]
    readers = [start(reads, out, db, "yard", TOY, until) for out in seen]
    try:
        for writer in writers:
            writer.join()
    finally:
        until.touch()
    for reader in readers:
        reader.join()
    assert [process.exitcode for process in writers + readers] == [0] * (WRITERS + READERS)
    for out, some in zip(outs, files, strict=True):
        assert answered(out) == [file.stem for file in some]
    assert unharmed(db).keys() == {"yard"} | {file.stem for some in files for file in some}
    for out in seen:
        assert "replay: " not in out.read_text()  # no word of a lock, nor of anything else
        assert "finding" not in out.read_text()


def test_a_database_that_all_make_at_once_is_made_once(tmp_path):
    files = written(tmp_path, WRITERS, 3)
    processes = [
        start(imports, tmp_path / f"out{n}", tmp_path / "replay.db", [file])
        for n, file in enumerate(files)
    ]
    for process in processes:
        process.join()
    said = [(tmp_path / f"out{n}").read_text() for n in range(WRITERS)]
    assert [process.exitcode for process in processes] == [0] * WRITERS, said
    assert sound(tmp_path / "replay.db").keys() == {file.stem for file in files}


def test_of_two_imports_of_the_same_one_stores_and_one_says_that_it_is_there(tmp_path):
    (file,) = written(tmp_path, 1, 500)
    for turn in range(5):
        db, outs = tmp_path / f"{turn}.db", [tmp_path / f"{turn}-{n}" for n in range(2)]
        processes = [start(imports, out, db, [file]) for out in outs]
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0, 0]
        told = sorted(out.read_text().split()[0] for out in outs)
        assert told == [file.stem, "stored"]
        assert len(sound(db)) == 1


def test_of_two_imports_of_one_name_with_other_content_one_is_refused(tmp_path):
    files = [tmp_path / "a" / "log.jsonl", tmp_path / "b" / "log.jsonl"]
    for number, file in enumerate(files):
        file.parent.mkdir()
        written(file.parent, 1, 200 + number, "log")[0].rename(file)
    outs = [tmp_path / "out0", tmp_path / "out1"]
    processes = [
        start(imports, out, tmp_path / "replay.db", [file])
        for out, file in zip(outs, files, strict=True)
    ]
    for process in processes:
        process.join()
    assert sorted(process.exitcode for process in processes) == [0, 2]
    assert any("is stored already with other content" in out.read_text() for out in outs)
    assert len(sound(tmp_path / "replay.db")) == 1


def test_a_backup_taken_while_others_write_is_whole(tmp_path):
    db = tmp_path / "replay.db"
    files = written(tmp_path, 40, 20)
    process = start(imports, tmp_path / "out", db, files)
    while not answered(tmp_path / "out"):
        assert process.is_alive()
    copies = []
    with open_store(db) as store:
        while process.is_alive() and len(copies) < 10:
            before = answered(tmp_path / "out")
            copies.append(tmp_path / f"copy{len(copies)}.db")
            backup(store.database, copies[-1])
            assert set(before) <= unharmed(copies[-1]).keys()
    process.join()
    assert process.exitcode == 0
    assert copies
    logs = unharmed(db)
    assert list(logs) == [file.stem for file in files]
    for copy in copies:
        found = list(sound(copy).items())
        assert found == list(logs.items())[: len(found)]
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
