"""Secrets do not get in, and random names become the same in every run."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from replay.formats import read as ingest
from replay.formats.read import ImportOptions
from replay.formats.recording import Recording

SECRET = "hunter2=="


def read(tmp_path: Path, *messages: dict[str, Any]) -> tuple[Recording, str]:
    """A recording of these messages, and all that is kept of it as text."""
    path = tmp_path / "log"
    path.write_text("".join(json.dumps(message) + "\n" for message in messages))
    (recording,) = ingest.read(path)
    return recording, msgspec.json.encode(list(recording.entries)).decode()


def hmp(line: str) -> dict[str, Any]:
    return {"execute": "human-monitor-command", "arguments": {"command-line": line}}


def qmp(name: str, **arguments: Any) -> dict[str, Any]:
    return {"execute": name, "arguments": arguments}


@pytest.mark.parametrize(
    "message",
    [
        qmp("set_password", protocol="vnc", password=SECRET),
        qmp("block_passwd", device="d0", password=SECRET),
        qmp("change", device="vnc", target="password", arg=SECRET),
        qmp("object-add", **{"qom-type": "secret", "id": "s0", "data": SECRET}),
        qmp("object-add", **{"qom-type": "secret", "id": "s0", "props": {"password": SECRET}}),
        qmp("blockdev-add", driver="iscsi", password=SECRET, **{"password-secret": "s0"}),
        qmp("blockdev-add", **{"driver": "https", "file.cookie": SECRET}),
        qmp("drive-mirror", device="d0", target=f"rbd:pool/img:id=me:key={SECRET}:mon=a"),
        qmp("drive-mirror", device="d0", target=f"https://me:{SECRET}@host/img"),
        qmp("drive-mirror", device="d0", target=f'json:{{"driver":"ssh","password":"{SECRET}"}}'),
        hmp(f"set_password vnc {SECRET}"),
        hmp(f"block_passwd d0 {SECRET}"),
        hmp(f"change vnc password {SECRET}"),
        hmp(f"object_add secret,id=s0,data={SECRET}"),
        hmp(f"drive_add 0 file=rbd:pool/img:key={SECRET},if=none"),
    ],
)
def test_a_secret_is_replaced_and_counted(tmp_path: Path, message: dict[str, Any]) -> None:
    recording, kept = read(tmp_path, message)
    assert "hunter2" not in kept
    assert "(secret)" in kept
    assert recording.secrets == 1
    again, _ = read(tmp_path, json.loads(json.dumps(message).replace(SECRET, "(secret)")))
    assert again.secrets == 0


def test_a_secret_in_a_reply_is_replaced(tmp_path: Path) -> None:
    seen = {"file": f"rbd:pool/img:key={SECRET}", "drv": "raw"}
    recording, kept = read(tmp_path, qmp("stop"), {"return": {}}, qmp("query-x"), {"return": seen})
    assert "hunter2" not in kept
    assert recording.secrets == 1


def test_names_of_secrets_and_other_words_stay(tmp_path: Path) -> None:
    arguments = {"password-secret": "s0", "key-secret": "s1", "keys": ["a"], "file": "monkey=1"}
    recording, kept = read(tmp_path, qmp("blockdev-add", **arguments))
    assert recording.secrets == 0
    for text in ("s0", "s1", "monkey=1"):
        assert text in kept


def test_a_command_line_keeps_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_text(
        "2024-05-07 10:00:00.123+0000: starting up\n/usr/bin/qemu \\\n"
        f"-object secret,id=s0,data={SECRET} \\\n"
        f"-drive 'file=rbd:pool/img:key={SECRET}:auth=cephx,if=none,id=d0' \\\n-S\n"
    )
    (recording,) = ingest.read(path, options=ImportOptions())
    kept = msgspec.json.encode(list(recording.entries)).decode()
    assert "hunter2" not in kept
    assert "file=rbd:pool/img:key=(secret):auth=cephx,if=none,id=d0" in kept


def test_random_names_are_numbered_as_they_come(tmp_path: Path) -> None:
    _, kept = read(
        tmp_path,
        qmp("a", file="/var/tmp/vl.EKKAZ3"),
        qmp("b", file='json:{"filename":"/var/tmp/vl.aaaaaa"}', x="/tmp/vl.EKKAZ3,if=none"),
        qmp("c", file="/var/tmp/vl.EKKAZ3", other="/d/avl.EKKAZ3", long="/var/tmp/vl.EKKAZ34"),
    )
    assert '"a","arguments":{"file":"<tmp0>"}' in kept
    assert '\\"filename\\":\\"<tmp1>\\"' in kept
    assert '"x":"/tmp/vl.EKKAZ3,if=none"' not in kept
    assert '"file":"<tmp0>","long":"/var/tmp/vl.EKKAZ34","other":"/d/avl.EKKAZ3"' in kept
