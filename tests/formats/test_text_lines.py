"""The lines of a text, in any encoding that it shows."""

from io import BufferedReader, BytesIO
from pathlib import Path

import pytest

from replay.errors import BadInput
from replay.formats import text_lines as module
from replay.formats.read import read
from replay.formats.text_lines import text_lines

COMMAND = '{"execute": "eject", "arguments": {"device": "d\u00fc\u20ac"}}'


def lines(data: bytes) -> list[tuple[int | None, str]]:
    content = BufferedReader(BytesIO(data))
    return [(line.origin.line, line.text.decode()) for line in text_lines("a", content)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_text_is_read_in_the_encoding_that_it_shows(encoding: str) -> None:
    text = f"{COMMAND}\n\n{COMMAND}"
    assert [line for _, line in lines(text.encode(encoding))] == [COMMAND] * 2


def test_a_line_has_the_number_that_it_has_in_the_file() -> None:
    assert lines(b"a\n\n \nb\r\n") == [(1, "a"), (4, "b")]


def test_a_line_longer_than_any_message_is_refused_with_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_LINE", 10)
    assert lines(b"x" * 9 + b"\n") == [(1, "x" * 9)]
    with pytest.raises(BadInput, match="a line longer than 10 bytes") as caught:
        lines(b"a\n" + b"x" * 11)
    assert str(caught.value).startswith("a:2:")


def test_latin_1_is_a_guess_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "latin"
    command = 'a {"execute": "eject", "arguments": {"device": "d\u00fc"}}\n'
    path.write_bytes(command.encode("latin-1"))
    (recording,) = read(path)
    (event,) = recording.events
    assert event.payload.arguments == {"device": "d\u00fc"}  # type: ignore[union-attr]
    assert "undone: Latin-1 (a guess)" in recording.remarks
