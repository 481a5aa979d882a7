"""Whatever a file holds, reading it gives a log or a reason."""

import bz2
import gzip
import json
import lzma
import random
import tracemalloc
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replay.errors import ReplayError
from replay.events import json_form as jsonform
from replay.events.event import Origin
from replay.formats import json_scanner as json_texts
from replay.formats import message as messages
from replay.formats import read as ingest
from replay.formats import recording, secrets
from replay.formats.read import ImportOptions
from replay.formats.readers.recognition import FORMATS
from replay.formats.recording import InputLine
from replay.formats.text import objects
from tests.trust import fuzz_readers

DATA = Path(__file__).parents[1] / "data/recordings"
FILES = sorted(path for path in DATA.iterdir() if path.is_file())
PIECES = [
    b"{", b"}", b"[" * 3000, b"null", b"-1", b"1e400", b'"', b"\\", b"\n", b"9" * 5000, b"\0",
    b"\xff\xfe", b"mon=0x", b"QEMU_MONITOR_NEW: ", b"-> {", b"> ", b"=\n", b"'", b",,", b"=",
    b'"json:', b"vl.aaaaaa", b"password=", b"2026-13-40 99:99:99.999+0000: ", b"[Z] QUERY: {",
    b'{"return": 1}', b'{"execute": 7}', b'{"virtual-size": -1, "filename": "x", "format": "q"}',
]  # fmt: skip


def content(path: Path) -> bytes:
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def read(path: Path) -> int:
    """How many entries there are; whatever goes wrong must be a ReplayError that says where."""
    try:
        return sum(len(list(recording.entries)) for recording in ingest.read(path))
    except ReplayError as error:
        assert error.where
        return 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
@given(data=st.data())
def test_a_mangled_recording_is_read_or_refused(
    tmp_path: Path, path: Path, data: st.DataObject
) -> None:
    mangled = bytearray(content(path)[:9000])
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(mangled)))
        end = data.draw(st.integers(start, min(start + 40, len(mangled))))
        mangled[start:end] = data.draw(st.binary(max_size=10) | st.sampled_from(PIECES))
    target = tmp_path / "mangled"
    target.write_bytes(bytes(mangled))
    read(target)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_recording_with_shuffled_lines_is_read_or_refused(tmp_path: Path, path: Path) -> None:
    lines = content(path).splitlines(keepends=True)
    target = tmp_path / "shuffled"
    for seed in range(5):
        random.Random(seed).shuffle(lines)
        target.write_bytes(b"".join(lines))
        read(target)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(form=st.sampled_from(FORMATS), data=st.binary(max_size=400))
def test_any_bytes_in_any_format_are_read_or_refused(
    tmp_path: Path, form: str, data: bytes
) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(data)
    try:
        for recording in ingest.read(path, options=ImportOptions(format=form)):
            list(recording.entries)
    except ReplayError as error:
        assert error.where


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from('{}"\\a ')), max_size=6))
def test_objects_are_found_whatever_lines_they_are_spread_over(texts: list[str]) -> None:
    expected = [json.dumps({"a": text, "b": {"c": text}}) for text in texts]
    joined = " noise ".join(expected).encode()
    for width in (1, 7, len(joined) or 1):
        pieces = [joined[at : at + width] for at in range(0, len(joined), width)]
        lines = [InputLine(Origin("f", number), piece) for number, piece in enumerate(pieces, 1)]
        assert [line.text.decode() for line in json_texts.objects(lines)] == expected


def test_an_object_that_never_ends_is_not_collected_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "MAX_LINE", 1000)
    path = tmp_path / "endless"
    path.write_bytes(b'-> {"execute": "x", "a": [\n' + b"1,1,1,1,1,1,1,1,\n" * 100)
    with pytest.raises(ReplayError, match="1 message is cut") as error:
        list(ingest.read(path))
    assert error.value.details == (f"not read: {path}:1: an object longer than 1000 characters",)


def test_more_messages_than_can_be_held_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MAX_SIZE", 5_000_000)
    path = tmp_path / "large"
    path.write_bytes(b'{"execute": "stop"}\n' * 5000)
    reason = "large:1: its messages take more than 5 MB of memory; cut the file into parts"
    with pytest.raises(ReplayError, match=reason):
        list(ingest.read(path))


@pytest.mark.parametrize(
    "lines",
    [
        '{"execute": "stop"}\n{"execute": "x", "arguments": {"a": TEXT, "b": TEXT}}',
        '{"replay_log": 1, "name": "x"}\n{"kind": "notice", "name": "x", "data": {TEXT: TEXT}}',
    ],
)
def test_a_message_of_more_text_than_is_searched_for_secrets_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str
) -> None:
    monkeypatch.setattr(secrets, "MOST_TEXT", 1000)
    path = tmp_path / "large"
    path.write_text(lines.replace("TEXT", json.dumps("secret " * 80)))
    reason = "large:2: more than 1000 characters of text that may hold secrets in one message"
    with pytest.raises(ReplayError, match=reason):
        list(chain.from_iterable(recording.entries for recording in ingest.read(path)))


def test_a_first_line_of_more_values_than_are_read_is_refused_by_that_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonform, "MOST_VALUES", 10)
    path = tmp_path / "large"
    path.write_text(json.dumps({"execute": "x", "arguments": {"a": [1] * 20}}))
    with pytest.raises(ReplayError, match="large:1: not read: it has more than 10 values"):
        list(ingest.read(path))


@pytest.mark.parametrize(
    "text", [b'{"execute": "x"}', b'{"return": [' + b"{}," * 1000 + b"0]}", b'{"return": "long"}']
)
def test_a_message_takes_no_more_memory_than_is_counted(text: bytes) -> None:
    tracemalloc.start()
    try:
        kept = [messages.message(InputLine(Origin("f", number), text)) for number in range(200)]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < sum(message.size for message in kept)


@pytest.mark.parametrize("value", [b"0,", b"{},", b"[],"])
def test_a_line_of_too_many_values_is_not_made_into_objects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: bytes
) -> None:
    monkeypatch.setattr(jsonform, "MOST_VALUES", 1000)
    path = tmp_path / "wide"
    path.write_bytes(b'{"execute": "x", "arguments": {"a": [' + value * 1000 + b"0]}}\n")
    with pytest.raises(ReplayError, match=r"wide:1: .*has more than 1000 values"):
        list(ingest.read(path, "qmp"))


def test_a_packed_file_is_unpacked_no_further_than_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"nobody knows this\n" * 5_000_000, 1))
    tracemalloc.start()
    try:
        with pytest.raises(ReplayError, match="no message in"):
            list(ingest.read(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_a_packed_file_that_is_damaged_is_refused(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    whole = pack(content(DATA / "05-snapshot-on-none.qmp.jsonl.xz"))
    path = tmp_path / "packed"
    path.write_bytes(whole)
    assert read(path) == 28
    half = len(whole) // 2
    for damaged in (whole[:half], whole[:12], whole[:half] + b"\0\0\0" + whole[half + 3 :]):
        path.write_bytes(damaged)
        with pytest.raises(ReplayError, match="packed: cannot be read"):
            list(ingest.read(path))


@pytest.mark.parametrize(("start", "name"), [(b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!", "rar")])
def test_a_packing_that_is_not_read_is_told(tmp_path: Path, start: bytes, name: str) -> None:
    path = tmp_path / "packed"
    path.write_bytes(start + b"rest")
    with pytest.raises(ReplayError, match=f"packed: it is packed with {name}.*; unpack it first"):
        list(ingest.read(path))


@pytest.mark.parametrize(
    "line",
    [
        b'{"execute": "x", "arguments": {"file": "' + b"/a" * 200_000 + b'"}}',
        b'{"execute": "x", "arguments": {"file": "' + b"secret " * 50_000 + b'"}}',
        b'{"execute": "x", "arguments": {"file": "' + b"vl." * 100_000 + b'"}}',
        b'{"execute": "x", "arguments": {"file": "' + b'\\"key\\"' * 50_000 + b'"}}',
        b'{"execute": "x", "arguments": {"file": "' + b"://a:" * 50_000 + b'"}}',
        b'handle_qmp_command mon 0 req: {"execute": "x"}\n' + b'a bs 0 filename "' * 30_000,
        b'QEMU_MONITOR_SEND_MSG: mon=0x1 msg={"execute": "x"}\nmon=3D0x\n' + b"a=\n" * 200_000,
    ],
)
def test_a_long_line_takes_no_time_that_grows_with_its_square(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "long"
    path.write_bytes(line + b"\n")
    assert read(path) == 1


def test_nothing_but_the_readers_own_errors_comes_of_mangled_texts(tmp_path: Path) -> None:
    files = list(fuzz_readers.contents([DATA, DATA.parent / "texts"]))
    assert fuzz_readers.fuzz(range(200), files, tmp_path) == 200


def test_a_log_of_more_images_than_any_machine_has_is_refused_at_the_first_too_many(tmp_path):
    lines = [{"replay_log": 1, "name": "many"}]
    lines += [
        {"kind": "image", "name": f"/{n}", "format": "raw", "size": 512}
        for n in range(ingest.MOST_IMAGES + 2)
    ]
    file = tmp_path / "many.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(ReplayError, match="more than 1500 images in a log") as refusal:
        [list(many.entries) for many in ingest.read(file)]
    assert refusal.value.where == f"{file}:{ingest.MOST_IMAGES + 2}"
