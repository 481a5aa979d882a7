"""What tools made and said is remembered by the content of files, and not when that is another."""

import os

import pytest

from replay.qemu.live import file_memory
from replay.qemu.live.file_memory import SMALL, FileMemory


def answers(memory, path, text):
    """What is said of a file, if it has to be read."""
    return memory.of("text", [path], lambda: text)


def test_a_file_is_read_once_as_long_as_it_holds_the_same(tmp_path):
    memory, path = FileMemory(), tmp_path / "a"
    path.write_bytes(b"one")
    assert answers(memory, path, "first") == "first"
    path.write_bytes(b"two")
    assert answers(memory, path, "second") == "second"
    path.unlink()
    path.write_bytes(b"one")
    assert answers(memory, path, "third") == "first"


def test_what_is_written_while_it_is_read_is_not_remembered(tmp_path):
    memory, path = FileMemory(), tmp_path / "a"
    path.write_bytes(b"one")

    def read():
        path.write_bytes(b"two")
        return "torn"

    assert memory.of("text", [path], read) == "torn"
    path.write_bytes(b"one")
    assert answers(memory, path, "whole") == "whole"


@pytest.mark.parametrize("size", [100, SMALL + 4096])
def test_what_is_written_at_once_after_it_was_read_is_read_again(tmp_path, size):
    memory, path = FileMemory(), tmp_path / "a"
    path.write_bytes(b"0" * size)
    for number in range(1, 100):
        with path.open("r+b") as file:
            file.write(bytes([number]))
        assert answers(memory, path, number) == number


def test_a_large_file_is_read_once_as_long_as_nobody_writes_it(tmp_path):
    memory, path = FileMemory(), tmp_path / "large"
    path.write_bytes(b"1" * (SMALL + 4096))
    assert answers(memory, path, "first") == "first"
    assert answers(memory, path, "second") == "first"
    os.truncate(path, SMALL + 8192)
    assert answers(memory, path, "third") == "third"


def test_holes_and_zeros_in_other_places_are_other_files(tmp_path):
    memory, path = FileMemory(), tmp_path / "a"
    for place in (0, 65536):
        with path.open("wb") as file:
            file.truncate(1 << 20)
            os.pwrite(file.fileno(), b"x" * 4096, place)
        assert answers(memory, path, place) == place


def test_a_file_that_is_made_again_is_known_without_reading_it(tmp_path, monkeypatch):
    memory, path = FileMemory(), tmp_path / "a"
    memory.make(path, ("create",), lambda: path.write_bytes(b"made"))
    assert answers(memory, path, "first") == "first"
    path.unlink()
    memory.make(path, ("create",), lambda: None)
    monkeypatch.setattr(file_memory, "_content", None)
    assert answers(memory, path, "second") == "first"


def test_an_order_is_run_once_and_then_made_from_what_it_made(tmp_path):
    memory, path, runs = FileMemory(), tmp_path / "a", []

    def run():
        runs.append(1)
        with path.open("wb") as file:
            file.truncate(1 << 30)
            os.pwrite(file.fileno(), b"data", 1 << 20)

    memory.make(path, ("create",), run)
    made = path.read_bytes()[: 2 << 20]
    path.unlink()
    memory.make(path, ("create",), run)
    assert runs == [1]
    assert path.stat().st_size == 1 << 30
    assert path.read_bytes()[: 2 << 20] == made


def test_a_file_that_is_there_is_left_to_the_tools(tmp_path):
    memory, path, runs = FileMemory(), tmp_path / "a", []

    def run():
        runs.append(1)
        path.write_bytes(b"made")

    memory.make(path, ("create",), run)
    memory.make(path, ("create",), run)
    assert runs == [1, 1]


def test_an_order_that_fails_is_not_remembered(tmp_path):
    memory, path = FileMemory(), tmp_path / "a"
    with pytest.raises(ZeroDivisionError):
        memory.make(path, ("create",), lambda: 1 / 0)
    memory.make(path, ("create",), lambda: path.write_bytes(b"made"))
    assert path.read_bytes() == b"made"
