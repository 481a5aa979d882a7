"""A growing file: each message is kept once, as soon as it is whole."""

import json
from pathlib import Path

import pytest

from replay.errors import ReplayError
from replay.formats import following
from replay.formats.following import drive_lines, follow
from replay.formats.read import ImportOptions, read_traffic

STOP = '{"execute": "stop", "id": 1}\n'


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    monkeypatch.setattr(following, "sleep", lambda _: None)
    return []


def messages(kept: list[bytes]) -> list[dict[str, object]]:
    return [json.loads(line)["msg"] for line in kept]


def grow(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_each_message_is_kept_once_when_its_line_has_ended(
    tmp_path: Path, kept: list[bytes]
) -> None:
    path = tmp_path / "x.jsonl"
    with pytest.raises(ReplayError, match="No such file"):
        next(follow(path, ImportOptions(), kept.extend))
    path.touch()
    looks = follow(path, ImportOptions(), kept.extend)
    assert next(looks) == 0
    grow(path, STOP + '{"return": {}, "i')
    next(looks)
    assert next(looks) == len(kept) == 1
    grow(path, 'd": 1}\n' + STOP.replace("1", "2"))
    next(looks)
    assert next(looks) == 3
    assert messages(kept) == [
        {"execute": "stop", "id": 1},
        {"return": {}, "id": 1},
        {"execute": "stop", "id": 2},
    ]
    recording = read_traffic("x", kept)
    assert [event.payload.name for event in recording.events] == ["stop", "stop"]  # type: ignore[union-attr]


def test_the_last_messages_wait_while_the_file_grows(tmp_path: Path, kept: list[bytes]) -> None:
    path = tmp_path / "x.jsonl"
    looks = follow(path, ImportOptions(), kept.extend)
    for number in range(3):
        grow(path, STOP * 10)
        assert next(looks) == (number + 1) * 10 - following.HELD
    assert next(looks) == 30


def test_a_reply_to_what_came_before_is_left_out_and_secrets_are_replaced(
    tmp_path: Path, kept: list[bytes]
) -> None:
    path = tmp_path / "x.log"
    path.write_text(
        'monitor_qmp_respond mon 0x5 resp: {"return": {}}\n'
        'handle_qmp_command mon 0x5 req: {"execute": "x", "arguments": {"password": "hunter2"}}\n'
    )
    looks = follow(path, ImportOptions(), kept.extend)
    next(looks)
    next(looks)
    assert messages(kept) == [{"execute": "x", "arguments": {"password": "(secret)"}}]


def test_drives_of_the_start_come_first(tmp_path: Path, kept: list[bytes]) -> None:
    kept.extend(drive_lines(["id=d0,file=/d/a.qcow2,size=1M"]))
    recording = read_traffic("x", [*kept, b'{"t": null, "dir": "C", "msg": {"execute": "stop"}}'])
    assert [event.payload.name for event in recording.events] == ["/d/a.qcow2", "drive", "stop"]  # type: ignore[union-attr]
    with pytest.raises(ReplayError, match="has no file"):
        list(drive_lines(["id=d0"]))


def test_a_file_whose_beginning_changes_is_followed_no_further(
    tmp_path: Path, kept: list[bytes]
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(STOP)
    looks = follow(path, ImportOptions(), kept.extend)
    next(looks)
    assert next(looks) == 1
    path.write_text('{"execute": "cont"}\n' * 3)
    with pytest.raises(ReplayError, match="its beginning has changed"):
        list(looks)
    with pytest.raises(ReplayError, match="import it by itself"):
        native = tmp_path / "n.jsonl"
        native.write_text('{"replay_log": 1, "name": "x"}\n')
        next(follow(native, ImportOptions(), kept.extend))
