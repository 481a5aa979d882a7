"""No control character of a recording or a subject reaches any output of any command."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from replay.cli.app import COMMANDS, app
from replay.reports.rendering import OutputFormat
from replay.reports.text.page import listing
from replay.reports.words import without_controls
from tests.cli.test_options import offered

TOY = Path(__file__).parents[1] / "toy"
CONTROLS = "".join(map(chr, [*range(32), *range(0x7F, 0xA0), 0x2028, 0x2029, 0x202E, 0x2066]))
LINE_SAFE = CONTROLS.replace("\n", "").replace("\r", "")
"""Those that can stand in a line of a patch as they are."""
IN_SOURCE = LINE_SAFE.replace("\0", "").replace("\x0c", "")
WRITTEN = CONTROLS.encode("unicode_escape").decode()
"""As Python, JSON and TOML write them; `\\x1b` is no JSON."""

CALLS = {
    "import": [["import", "--dry-run", "LOG"], ["import", "LOG", "--log", "again"],
               ["import", "SECRET", "--show-removed", "--dry-run"]],
    "logs": [["logs"]],
    "log": [["log", "LOG"], ["log", "LOG", "--source"]],
    "export": [["export"]],
    "run": [["run", "LOG", "--at", "with"]],
    "diff": [["diff", "LOG"], ["diff", "before", "with", "after", "LOG", "--quiet"],
             ["diff", "--all"]],
    "explain": [["explain", "LOG", "T.load"], ["explain", "LOG", "--seq", "4"]],
    "bisect": [["bisect", "LOG"], ["bisect", "LOG", "--all"], ["bisect", "LOG", "--outcome", "4"],
               ["bisect", "LOG", "--check", "brakes"], ["bisect", "LOG", "--minimal"]],
    "check": [["check", "LOG"]],
    "graph": [["graph", "LOG"]],
    "shrink": [["shrink", "LOG", "before", "after"]],
    "hunt": [["hunt", "before", "after", "--depth", "1", "--goal", "any"]],
    "cover": [["cover", "LOG"]],
    "touched": [["touched", "PATCH", "LOG", "--at", "with"]],
    "variants": [["variants"], ["variants", "--long"]],
    "show": [["show", "after"], ["show", "after", "qmp_couple"]],
    "annotate": [["annotate", "shunting.py"]],
    "conform": [["conform", "LOG"]],
    "reproduce": [["reproduce", "LOG"]],
    "verify": [["verify"], ["verify", "LOGNAME"]],
    "backup": [["backup", "FILE"]],
    "migrate": [["migrate"]],
    "record": [["record", "--finish", "nothing"]],
    "explore": [["explore", "LOG"]],
    "builds": [["builds"]],
    "checkout": [["checkout", "after", "TREE"]],
    "am": [["am", "TREE"]],
    "help": [["help"], ["help", "variants"]],
}  # fmt: skip
"""Ways to call each command. Many end in an error, which is an output too."""


def spiked_subject(place: Path) -> Path:
    """A copy of the toy with control characters wherever it can have them."""
    subject = Path(shutil.copytree(TOY, place / "toy"))
    for patch in subject.glob("*.patch"):
        text = patch.read_text()
        text = text.replace("yard: ", f"yard{LINE_SAFE}: ").replace(
            "\n---\n", f" {LINE_SAFE}\n---\n", 1
        )
        patch.write_text(text, newline="")
    config = (subject / "subject.toml").read_text()
    about = "".join(f"\\u{ord(char):04x}" for char in CONTROLS)
    config = config.replace('about = "', f'about = "{about}')
    (subject / "subject.toml").write_text(config)
    source = subject / "base" / "shunting.py"
    text = source.read_text().replace('"there is no train "', f'"there is no train {WRITTEN}"')
    text = text.replace('"""What is done in the yard."""', f'"""What is done. {IN_SOURCE}"""')
    source.write_text(text, newline="")
    (subject / "checks.py").write_text(
        f'def brakes(node):\n    """No brakes {IN_SOURCE}"""\n'
        f'    if node.marks & 1:\n        return "{WRITTEN}" + node.number\n    return None\n',
        newline="",
    )
    return subject


def spiked_log(place: Path) -> Path:
    """A log of the toy with control characters wherever it can have them."""
    train = f"T{CONTROLS}"
    qmp = {"kind": "command", "channel": "qmp"}
    lines: list[dict[str, object]] = [
        {"replay_log": 1, "name": "spiked", "description": CONTROLS, "more": {CONTROLS: CONTROLS}},
        {"kind": "image", "name": f"/yard/{CONTROLS}", "format": "cooked", "size": 1 << 20},
        {"kind": "command", "channel": "cli", "name": "train", "arguments": train},
        {"kind": "command", "channel": "cli", "name": "ledger", "arguments": f"/yard/{CONTROLS}"},
        {**qmp, "name": "couple", "arguments": {"train": f"U{CONTROLS}"}},
        {**qmp, "name": "couple", "arguments": {"train": train, "load": 3, CONTROLS: CONTROLS}},
        {**qmp, "name": CONTROLS, "arguments": {CONTROLS: [CONTROLS]}},
        {"kind": "command", "channel": "hmp", "name": CONTROLS, "arguments": CONTROLS},
        {"kind": "command", "channel": "hmp", "name": "turn", "arguments": CONTROLS},
        {"kind": "notice", "name": CONTROLS, "data": {CONTROLS: CONTROLS}},
        {
            "kind": "guest",
            "name": "write",
            "device": train,
            "sector": 0,
            "sectors": 8,
            "pattern": 1,
        },
        {"kind": "await", "device": CONTROLS, "until": "end"},
        {"kind": "internal", "name": CONTROLS, "device": CONTROLS},
        {**qmp, "name": "uncouple", "arguments": {"train": train}},
    ]
    path = place / "spiked.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture(scope="module")
def spiked(tmp_path_factory) -> dict[str, str]:
    """What the words of a call stand for."""
    place = tmp_path_factory.mktemp("spiked")
    subject, log = spiked_subject(place), spiked_log(place)
    secret = place / f"secret{LINE_SAFE.translate({0: None, 0x2F: None})}.jsonl"
    secret.write_text(log.read_text().replace("T\\u0000", "password=T\\u0000"))
    words = {"LOG": str(log), "SUBJECT": str(subject), "DB": str(place / "replay.db")}
    words |= {"PATCH": str(subject / "02-brakes.patch"), "LOGNAME": "spiked"}
    words |= {"FILE": str(place / "copy.db"), "SECRET": str(secret)}
    first = CliRunner().invoke(app, ["--db", words["DB"], "import", words["LOG"]])
    assert first.exit_code == 0, first.output
    return words


def calls() -> Iterator[list[str]]:
    for command in COMMANDS:
        for call in CALLS[command]:
            yield call
            yield from ([*call, "--format", format] for format in offered(command))


def test_every_command_is_called():
    assert CALLS.keys() == COMMANDS.keys()


def named(call: list[str]) -> str:
    return " ".join(call)


@pytest.mark.parametrize("call", list(calls()), ids=named)
def test_no_control_character_leaves(spiked, call, tmp_path):
    words = [spiked.get(word, word) for word in call]
    before = ["--db", spiked["DB"], "--patches", spiked["SUBJECT"]]
    result = CliRunner().invoke(app, [*before, *words])
    error = str(result.exception) if result.exit_code == 1 and result.exception else ""
    assert result.exit_code in (0, 1, 2), result.output
    assert isinstance(result.exception, SystemExit | None) or hasattr(result.exception, "what"), (
        error
    )
    written = list(tmp_path.iterdir())
    for text in (result.output, *(file.read_text() for file in written)):
        assert obeyed(text) == set()


def obeyed(text: str) -> set[str]:
    """The characters of a text that a terminal would obey, line ends apart."""
    return {char for char in text if not char.isprintable()} - {"\n"}


@pytest.mark.parametrize("char", CONTROLS + "\ud800\u200e")
def test_the_last_guards_let_no_control_character_through(char):
    if char not in "\n\t":
        assert without_controls(f"a{char}b") == f"a\\u{ord(char):04x}b"
        assert json.loads(without_controls(f'"{char}"')) == char
    assert re.fullmatch(r"a\\\w+b\n", str(listing([f"a{char}b"])))


def test_a_whole_page_is_left_as_it_is():
    text = "plain\n\ttext, ä, ü, 日本, 😀, \u00a0"
    assert without_controls(text) is text or without_controls(text) == text
    assert OutputFormat.HTML
