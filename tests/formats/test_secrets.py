"""Secrets do not get in, and random names become the same in every run."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.formats import read as ingest
from replay.formats.read import ImportOptions
from replay.formats.recording import Recording
from replay.formats.secret_shapes import SIEVE, SUSPECT

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


NESTED = json.dumps({"driver": "ssh", "password": SECRET})
SECRET_FILE = {"driver": "secret", "data": SECRET}
HOST = "img.example/disk"
TEXTS = [
    f"iscsi://me%{SECRET}@{HOST}/1",
    f"ftp://:{SECRET}@{HOST}",
    f"https://me:p@{SECRET}@{HOST}",
    f"https://{HOST}?access_token={SECRET}&x=1",
    f"https://{HOST}?x=1&sig={SECRET}",
    f"https://{HOST}?X-Amz-Signature={SECRET}",
    f"https://{HOST}?X-Amz-Security-Token={SECRET}",
    f"https://{HOST}?apikey={SECRET}#frag",
    f"https://{HOST}?key={SECRET}",
    f"Cookie: a=1; session={SECRET}",
    f"Set-Cookie: id={SECRET}; Secure",
    f"Authorization: Bearer {SECRET}",
    f"authorization: Basic {SECRET}",
    f"X-Auth-Token: {SECRET}",
    f"curl -u me:{SECRET} https://{HOST}",
    f"curl --user me:{SECRET} https://{HOST}",
    f"json:{NESTED}",
    f"json:{json.dumps({'file': 'json:' + NESTED})}",
    f"json:{json.dumps(SECRET_FILE)}",
    f'json:{{"password": "{SECRET}", and no more',
    f'{{\\"password\\": \\"{SECRET}\\"',
    f"driver=ssh,file.password={SECRET},if=none",
    f"driver=https,cookie=a=1; b={SECRET},if=none",
    f"access_key={SECRET}",
    f"client_secret={SECRET}",
    f"api-key={SECRET}",
    f"password=a,,{SECRET},if=none",
    f"rbd:pool/img:id=me:key={SECRET}\\:x:mon_host=a",
    f"eyJhbGciOiJIUzI1.eyJ{SECRET.strip('=')}xxxx.c2ln",
    f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_secret_is_known_by_its_shape_wherever_it_stands(tmp_path: Path, text: str) -> None:
    _, kept = read(
        tmp_path,
        qmp("drive-mirror", device="d0", target=text),
        {"return": {"file": text}},
        {"event": "BLOCK_IO_ERROR", "data": {"reason": [text]}},
        {"execute": "query-block"},
        {"error": {"class": "GenericError", "desc": text}},
        hmp(f"drive_add 0 file={text}"),
    )
    assert "hunter2" not in kept
    assert kept.count("(secret)") >= 4


@pytest.mark.parametrize(
    "message",
    [
        qmp("object-add", **{"qom-type": "secret", "id": "s0", "props": {"data": SECRET}}),
        qmp("object-add", **{"data": SECRET, "qom-type": "secret", "id": "s0"}),
        qmp("qom-set", path="/objects/s0", property="data", value=SECRET),
        qmp("qom-set", path="/objects/x", property="password", value=SECRET),
        qmp("change-vnc-password", password=SECRET),
        qmp("sev-inject-launch-secret", secret=SECRET),
        qmp("x", headers={"Cookie": SECRET}),
        qmp("x", headers=[f"Cookie: a=1; b={SECRET}"]),
        qmp("x", cookies=[SECRET]),
        qmp("x", **{"proxy-password": SECRET}),
        qmp("x", options={"file": {"credentials": SECRET}}),
        hmp(f"object_add data={SECRET},qom-type=secret,id=s0"),
        hmp(f"object_add secret,data={SECRET},id=s0"),
        hmp(f'set_password spice "{SECRET} with blanks" keep'),
        hmp(f"set_password -d v0 vnc {SECRET}"),
        hmp(f"drive_add 0 file.password={SECRET},if=none"),
    ],
)
def test_a_secret_is_known_by_the_field_that_holds_it(
    tmp_path: Path, message: dict[str, Any]
) -> None:
    recording, kept = read(tmp_path, message, {"return": {}}, qmp("stop"))
    assert "hunter2" not in kept
    assert recording.secrets == 1
    assert "blanks" not in kept


def test_the_end_of_a_name_says_that_its_field_is_a_secret_however_long_it_is(
    tmp_path: Path,
) -> None:
    _, kept = read(
        tmp_path, qmp("x", **{"a" * 300 + "password": SECRET, "b." * 300 + "password": 7331})
    )
    assert "hunter2" not in kept
    assert "7331" not in kept


@pytest.mark.parametrize("pin", ["password", "passphrase", "file.password"])
def test_a_password_of_digits_is_one_too(tmp_path: Path, pin: str) -> None:
    _, kept = read(tmp_path, qmp("blockdev-add", **{pin: 73311337}))
    assert "73311337" not in kept


def test_where_secrets_stood_is_known_and_not_what_they_were(tmp_path: Path) -> None:
    options = {"file": [{"password": SECRET}], "url": f"https://me:{SECRET}@host"}
    recording, _ = read(tmp_path, qmp("stop"), qmp("x", options=options))
    assert recording.tally.places == [
        f"{tmp_path}/log:2: arguments.options.file[0].password",
        f"{tmp_path}/log:2: arguments.options.url",
    ]


def test_the_header_of_a_native_log_keeps_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    extra = {"source": f"https://me:{SECRET}@host", "env": {"TOKEN": SECRET}}
    description = f"made with password={SECRET}"
    path.write_text(json.dumps({"replay_log": 1, "name": "x", "description": description, **extra}))
    (recording,) = ingest.read(path)
    assert "hunter2" not in msgspec.json.encode(recording.header).decode()
    assert recording.secrets == 3


def test_what_only_looks_like_a_secret_stays(tmp_path: Path) -> None:
    arguments = {
        "tls-creds": "tls0", "node-name": "keys", "file": "/d/token=ring.qcow2x", "auth": "cephx",
        "options": "password=on,ticketing=off", "key-secret": "s1", "passwordid": "s2",
        "proxy-password-secret": "s3", "text": 'json:{"filename": "/d/a b"}',
    }  # fmt: skip
    _, kept = read(tmp_path, qmp("blockdev-add", **arguments))
    for name, value in arguments.items():
        if name != "file":
            assert json.dumps(value) in kept


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


@given(st.from_regex(SUSPECT))
def test_the_quick_look_lets_nothing_pass_that_is_suspect(text):
    assert SIEVE.search(text)
