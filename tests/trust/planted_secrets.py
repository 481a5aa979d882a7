"""Secrets in every form that recordings are known to have them in, and in every place of each.

    python -m tests.trust.planted_secrets

prints which of them stay in what is kept of a recording.
"""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from replay.errors import ReplayError
from replay.formats.read import ImportOptions, read

MARK = "Zq9MARKERx7w"
"""What every secret has in it."""

HOST = "img.example/d.qcow2"
NESTED = json.dumps({"driver": "https", "cookie": MARK})
PRIVATE = "-----{} RSA PRIVATE KEY-----"

TEXTS = (
    # Who is at a host.
    *(f"{name}://u:{MARK}@{HOST}" for name in ("https", "ftp", "nbd+tls", "ssh", "gluster+tcp")),
    *(f"https://u:a{sign}{MARK}@{HOST}" for sign in ("/", "@", "'", ",", ",,", " b", "%41", ":")),
    *(f"{name}://u%{MARK}@h/iqn.x/1" for name in ("iscsi", "iser", "ISCSI")),
    *(f"ftp://:{MARK}@{HOST}", f"https://{MARK}@{HOST}", f"smb://DOM;u:{MARK}@h/v"),
    *(f"iscsi://u%a@{MARK}@h/iqn.x/1", f"iscsi://u%25{MARK}@h/iqn.x/1", f"https://u:{MARK}@h:443/x@y"),
    # Parameters of an address.
    *(
        f"https://{HOST}?a=1&{name}={MARK}"
        for name in (
            *("sig", "sig=a%3D", "token", "access_token", "access%5Ftoken", "X-Amz-Signature"),
            *("X-Amz-Security-Token", "X-Amz-Credential", "X-Goog-Signature", "jwt", "code"),
            *("session", "sessionid", "sid", "pass", "passwd", "hmac", "temp_url_sig", "auth"),
            "Signature",
            *("private_token", "oauth_signature", "apikey", "key", "vmware_soap_session"),
        )
    ),
    *(f"https://{HOST}#access_token={MARK}", f"https://{HOST}?a=1;token={MARK}"),
    # Lines of a header.
    *(f"Cookie: a={MARK}; b=2", f"Cookie: a=1; b={MARK}; c=3", f"cookie:{MARK}"),
    *(f"Set-Cookie: a={MARK}; Secure", f"Set-Cookie2: a={MARK}", f'Cookie: a="x"; b="{MARK}"'),
    *(f"Cookie: a=1, b={MARK}", f"PVEAuthCookie={MARK}", f"CSRFPreventionToken: {MARK}"),
    *(
        f"{who}uthorization: {how}{MARK}"
        for who in ("A", "Proxy-A", "a")
        for how in ("Basic ", "token ", "Negotiate ", "ApiKey ", 'Digest username="u", r=')
    ),
    f"Authorization: AWS4-HMAC-SHA256 Credential=a/b, Signature={MARK}",
    *(f"{name}: {MARK}" for name in ("X-Auth-Token", "X-Api-Key", "api-key", "access-token")),
    # The words of a command line.
    *(f"curl {how}{MARK} https://{HOST}" for how in ("-u u:", "-uu:", "--user=u:", "--user u:")),
    *(f"curl {how}{MARK} https://h" for how in ("--proxy-user u:", "-H 'Authorization: token ")),
    *(f"wget --password={MARK}", f"wget --http-password {MARK}", f"sshpass -p {MARK} ssh h"),
    *(f"PGPASSWORD={MARK} psql", f"AWS_SECRET_ACCESS_KEY={MARK}", f"GITHUB_TOKEN={MARK}"),
    # Options.
    *(f"secret,id=s,data={MARK}", f"secret,data={MARK},id=s", f"data={MARK},qom-type=secret"),
    *(f"qom-type=secret,id=s,data={MARK},iv=x", f'secret,id=s,data="a {MARK}"'),
    *(f"secret,id=s,data=a,,{MARK}", f"-object secret,id=s,data={MARK}"),
    *(f"-vnc :0,password={MARK}", f"-iscsi user=u,password={MARK}", f"psk={MARK}"),
    f"rbd:p/i:id=a:key={MARK}==:mon_host=h",
    *(f"rbd:p/i:id=a:key=a\\:{MARK}:auth=x", f"file.file.password={MARK}", f"encrypt.key={MARK}"),
    *(f"file.driver=https,file.cookie=a=b; c={MARK}", f"file.cookie=a=b,,{MARK},x=1"),
    *(f"{name}={MARK}" for name in ("apiKey", "clientSecret", "accessToken", "passWord", "pwd")),
    # JSON, whole and not, in texts and in each other, and what is like it.
    *(f"json:{NESTED}", "json:" + json.dumps({"file": {"filename": f"json:{NESTED}"}})),
    "json:" + json.dumps({"file": "json:" + json.dumps({"file": f"json:{NESTED}"})}),
    *(f'json:{{"driver":"ssh","password":"{MARK}', f"json:{{'password':'{MARK}'}}"),
    *(f'json:{{ "password" : "{MARK}" }}', f'json:{{\n"password":"{MARK}"}}'),
    f'json:{{"pass\\u0077ord":"{MARK}"}}',
    *(f'json:{{"driver":"secret","data":"{MARK}"}}', f'{{"data":"{MARK}","qom-type":"secret"}}'),
    *(f'["x",{{"password":"{MARK}"}}]', f'\\\\\\"password\\\\\\":\\\\\\"{MARK}\\\\\\"'),
    *(f"{{u'password': u'{MARK}'}}", f"'password' => '{MARK}'"),
    *(f"password: {MARK}", f"password = {MARK}", f"secret_key: {MARK}"),
    *(f"<graphics passwd='{MARK}'/>", f"<cookie name='a'>{MARK}</cookie>", f"<password>{MARK}</"),
    # What is a secret by itself.
    *(f"ghp_{MARK * 3}", f"glpat-{MARK}", f"xoxb-123-{MARK}", f"eyJhbGciOiJI.eyJ{MARK}.c2ln"),
    f"{PRIVATE.format('BEGIN')}\nMII{MARK}\n{PRIVATE.format('END')}",
    f"{PRIVATE.format('BEGIN')}\nProc-Type: 4,ENCRYPTED\nDEK-Info: x-y\n\nMII{MARK}\n",
    f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ{MARK}\n-----END PGP PRIVATE KEY BLOCK-----",
)  # fmt: skip
"""Texts with a secret that is known by its shape."""

COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("set_password", {"protocol": "vnc", "password": MARK}),
    ("change-vnc-password", {"password": MARK}),
    ("change", {"device": "vnc", "target": "password", "arg": MARK}),
    ("block_passwd", {"node-name": "d", "password": MARK}),
    ("guest-set-user-password", {"username": "root", "password": MARK, "crypted": False}),
    ("sev-inject-launch-secret", {"packet-header": "x", "secret": MARK, "gpa": 1}),
    ("guest-exec", {"path": "/bin/sh", "arg": ["-c", f"mysql --password={MARK}"]}),
    ("guest-exec", {"path": "/bin/x", "env": [f"DB_PASSWORD={MARK}"]}),
    *(
        ("object-add", {**first, "qom-type": kind, "id": "s", **last})
        for kind in ("secret", "secret_keyring")
        for first, last in (
            ({}, {"data": MARK}),
            ({"data": MARK}, {}),
            ({}, {"props": {"data": MARK}}),
            ({"props": {"data": MARK}}, {}),
            ({}, {"data": {"x": [MARK]}}),
        )
    ),
    ("blockdev-add", {"options": {"driver": "https", "file": {"driver": "x", "password": MARK}}}),
    ("blockdev-add", {"driver": "qcow2", "encrypt": {"format": "luks", "key": MARK}}),
    *(
        ("x", {name: value})
        for name in ("cookie", "credentials", "accessToken", "sasl-password", "psk", "privateKey")
        for value in (MARK, [MARK], [[MARK]], {"x": MARK}, {"x": [{"y": MARK}]})
    ),
    *(("x", {"list": [{name: "Cookie", "value": MARK}]}) for name in ("name", "key", "header")),
    ("x", {"argv": ["--password", MARK]}),
    ("x", {"argv": ["curl", "-u", f"u:{MARK}"]}),
    ("x", {f"https://u:{MARK}@h": 1}),
    ("qom-set", {"path": "/objects/s", "property": "data", "value": MARK}),
    ("qom-set", {"path": "/machine/x", "property": "password", "value": MARK}),
)
"""Commands with a secret that is known by QEMU's schema, or the name of its field."""

LINES = (
    *(f"set_password vnc {MARK}", f"set_password -d d0 vnc {MARK} keep", f"block_passwd d0 {MARK}"),
    *(f'set_password spice "a {MARK}" keep', f"change\tvnc\tpasswd\t{MARK}"),
    *(f"object_add secret,id=s,data={MARK}", f"object_add data={MARK},qom-type=secret,id=s"),
    f'object_add {{"qom-type":"secret","id":"s","data":"{MARK}"}}',
    *(f"qom-set /objects/s data {MARK}", f'qom-set -j /objects/s data "{MARK}"'),
    *(f"sev-inject-launch-secret hdr {MARK}", f'drive_add 0 "file=https://u:{MARK}@h/x"'),
    *(f"drive_mirror d0 https://h/x?sig={MARK}", f'migrate "exec:curl -u u:{MARK} https://h"'),
)
"""The same for the human monitor."""

END = {"execute": "eject", "arguments": {"device": "d"}}


def lines(*messages: Any) -> str:
    """JSON lines."""
    return "".join(json.dumps(message) + "\n" for message in messages)


def command(name: str, **arguments: Any) -> dict[str, Any]:
    """A command as it was sent."""
    return {"execute": name, "arguments": arguments}


def native(event: Mapping[str, Any], **header: Any) -> str:
    """A log of one event in the native form."""
    return lines({"replay_log": 1, "name": "x", **header}, {"kind": "command", **event})


def texts_in_places(text: str) -> Iterator[tuple[str, str]]:
    """Recordings with a text in each place that has one, by the name of the place."""
    snapshot = command("blockdev-snapshot-sync", device="d", **{"snapshot-file": text})
    notice = {"event": "BLOCK_JOB_ERROR", "timestamp": {"seconds": 1, "microseconds": 2}}
    eject = {"channel": "qmp", "name": "eject", "arguments": {"device": "d"}}
    sent = (
        f"1: info : qemuMonitorSend:1 : QEMU_MONITOR_SEND_MSG: mon=0x1 msg={json.dumps(snapshot)}"
    )
    yield "argument", lines(snapshot, {"return": {}})
    yield "error", lines(END, {"error": {"class": "GenericError", "desc": text}})
    yield "reply", lines(END, {"return": {}}, command("query-x"), {"return": [{"file": text}]})
    yield "notice", lines(END, {"return": {}}, {**notice, "data": {"reason": [text]}})
    yield "id", lines({**snapshot, "id": text}, {"return": {}, "id": text})
    yield "key", lines(command("eject", **{text: 1}), {"return": {}})
    yield "libvirt", f"2026-11-23 01:59:15.309+0000: {sent}\n"
    yield "native description", native(eject, description=text)
    yield "native header", native(eject, machine={"argv": [text]})
    yield "native option", native({"channel": "cli", "name": "drive", "arguments": f"id=d,{text}"})
    yield "native image", native({"kind": "image", "name": text, "format": "raw", "size": 512})


def recordings() -> Iterator[tuple[str, str]]:
    """All recordings, each with a secret, by what they are."""
    for text in TEXTS:
        yield from ((f"{place}: {text}", file) for place, file in texts_in_places(text))
    for name, arguments in COMMANDS:
        sent = command(name, **arguments)
        yield f"command: {sent}", lines(sent, {"return": {}}, END)
        event = {"channel": "qmp", "name": name, "arguments": arguments}
        yield f"native command: {sent}", native(event)
    for line in LINES:
        sent = command("human-monitor-command", **{"command-line": line})
        yield f"line in QMP: {line}", lines(sent, {"return": ""}, END)
        yield f"console: {line}", f"(qemu) info block\nd: /a\n(qemu) {line}\n(qemu) commit d\n"
        name, arguments = line.split(None, 1)
        yield (
            f"native line: {line}",
            native({"channel": "hmp", "name": name, "arguments": arguments}),
        )


def kept(file: str, place: Path) -> str:
    """All that is kept of a recording, or said of it."""
    path = place / "recording"
    path.write_text(file)
    texts = []
    try:
        for recording in read(path, options=ImportOptions(None)):
            entries = msgspec.json.encode([*recording.entries]).decode()
            texts += [entries, repr((recording.header, recording.tally, recording.remarks))]
    except ReplayError as error:
        texts.append(str(error))
    return "\n".join(texts)


def staying() -> list[str]:
    """The recordings of which a secret is kept."""
    with tempfile.TemporaryDirectory() as place:
        return [what for what, file in recordings() if MARK in kept(file, Path(place))]


if __name__ == "__main__":
    stay = staying()
    print(*stay, f"{len([*recordings()])} recordings, {len(stay)} keep a secret", sep="\n")
    sys.exit(bool(stay))
