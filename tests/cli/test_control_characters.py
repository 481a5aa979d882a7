"""No control character of a recording or a subject reaches any output of any command."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from replay.cli import main
from replay.cli.app import COMMANDS, app
from replay.errors import ReplayError
from replay.printable import without_controls
from replay.reports.rendering import OutputFormat
from replay.reports.text.page import listing
from tests.cli.test_options import offered

TOY = Path(__file__).parents[1] / "toy"
CONTROLS = "".join(map(chr, [*range(32), *range(0x7F, 0xA0), 0x2028, 0x2029, 0x202E, 0x2066]))
LINE_SAFE = CONTROLS.replace("\n", "").replace("\r", "").replace("\0", "")
"""Those that can stand in a line of a patch as they are."""
IN_SOURCE = LINE_SAFE.replace("\x0c", "")
IN_NAME = "".join(char for char in IN_SOURCE if not char.isspace())
"""Those that can stand in a file's name which stands in a list of files."""
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
    "explain": [["explain", "LOG", "PLACE"], ["explain", "LOG", "--seq", "4"]],
    "bisect": [["bisect", "LOG"], ["bisect", "LOG", "--all"], ["bisect", "LOG", "--outcome", "4"],
               ["bisect", "LOG", "--check", "brakes"], ["bisect", "LOG", "--minimal"]],
    "check": [["check", "LOG"]],
    "graph": [["graph", "LOG"]],
    "shrink": [["shrink", "LOG", "before", "after"]],
    "hunt": [["hunt", "before", "after", "--depth", "1", "--goal", "any"]],
    "cover": [["cover", "LOG"]],
    "touched": [["touched", "PATCH", "LOG", "--at", "with"]],
    "variants": [["variants"], ["variants", "--long"]],
    "show": [["show", "after"]],
    "annotate": [["annotate", "shunting.py@after"]],
    "conform": [["conform", "LOG"]],
    "reproduce": [["reproduce", "LOG"]],
    "verify": [["verify"], ["verify", "LOGNAME"]],
    "backup": [["backup", "FILE"]],
    "migrate": [["migrate"]],
    "record": [["record", "--finish", "nothing"]],
    "explore": [["explore", "LOG", "nowhere"]],
    "builds": [["builds"]],
    "checkout": [["checkout", "BRANCH"]],
    "am": [["am", "BRANCH"]],
    "help": [["help"], ["help", "variants"]],
}  # fmt: skip
"""Ways to call each command. Many end in an error, which is an output too."""


REFUSED = {"explore", "conform", "record", "am"}
"""What needs a terminal, a recording of QEMU or a repository, and tells that it has none."""


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
    (subject / f"01{IN_NAME}.patch").write_bytes((subject / "01-scrap.patch").read_bytes())
    (subject / "series").write_text(f"01{IN_NAME}.patch\n02-brakes.patch\n")
    (subject / "base" / f"x{IN_NAME}.py").write_text("X = 1\n")
    spiked_alphabet(subject / "alphabet.jsonl")
    (subject / "checks.py").write_text(
        f'def brakes(node):\n    """No brakes {IN_SOURCE}"""\n'
        f'    return "{WRITTEN}" != node.number and node.marks & 1 == 0\n',
        newline="",
    )
    return subject


def spiked_alphabet(path: Path) -> None:
    """An alphabet with control characters in all names, of which the subject's is made."""
    text = path.read_text()
    for name in ("7", "lit", "ledger", "one train", "inspect"):
        text = text.replace(f'{name}"', f'{name}{json.dumps(CONTROLS, ensure_ascii=False)[1:-1]}"')
    path.write_text(text)


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
    words |= {"PLACE": f"T{CONTROLS}.load", "BRANCH": str(place / "branch")}
    words |= {"ALPHABET": str(subject / "alphabet.jsonl")}
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
    if call[0] in REFUSED or "--outcome" in call:
        assert isinstance(result.exception, ReplayError | SystemExit)
    else:
        assert isinstance(result.exception, SystemExit | None), error
        assert result.exit_code in (0, 1)
    written = list(tmp_path.iterdir())
    for text in (result.output, *(file.read_text() for file in written)):
        assert obeyed(text) == set()


@pytest.mark.parametrize("line", ["run ", "explain spiked ", "show ", "show after-", "check x "])
def test_no_control_character_is_offered_to_a_shell(spiked, line, monkeypatch, capfd):
    words = f"replay --db {spiked['DB']} --patches {spiked['SUBJECT']} {line}"
    monkeypatch.setenv("_REPLAY_COMPLETE", "complete_fish")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", words)
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    with pytest.raises(SystemExit):
        main()
    out, err = capfd.readouterr()
    assert out.strip()
    assert obeyed(out + err) - {"\t"} == set()


@pytest.mark.parametrize(
    "call",
    [
        ["shrink", "LOG", "before", "after", "-o", "WRITTEN"],
        ["diff", "LOG", "--write-baseline", "WRITTEN"],
        ["export", "-o", "WRITTEN"],
        ["hunt", "before", "after", "--depth", "1", "--alphabet", "ALPHABET"],
    ],
    ids=lambda call: f"{call[0]} {call[-1]}",
)
def test_no_control_character_stands_in_a_file_that_is_written(spiked, call, tmp_path):
    written = tmp_path / "written"
    words = [str(written) if word == "WRITTEN" else spiked.get(word, word) for word in call]
    before = ["--db", spiked["DB"], "--patches", spiked["SUBJECT"]]
    result = CliRunner().invoke(app, [*before, *words])
    assert result.exit_code in (0, 1), result.output
    text = written.read_text() if written.exists() else ""
    assert written.exists() == ("WRITTEN" in call), result.output
    assert obeyed(result.output + text) == set()


def test_a_baseline_of_odd_names_is_read_as_it_was_written(spiked, tmp_path):
    before = ["--db", spiked["DB"], "--patches", spiked["SUBJECT"], "diff", spiked["LOG"]]
    file = str(tmp_path / "baseline")
    assert CliRunner().invoke(app, [*before, "--write-baseline", file]).exit_code == 0
    assert "T\\u0000" in Path(file).read_text()
    accepted = CliRunner().invoke(app, [*before, "--baseline", file])
    assert accepted.exit_code == 0, accepted.output


def test_an_error_can_be_shown_wherever_it_is_caught():
    error = ReplayError(f"what{CONTROLS}", where=f"where{CONTROLS}", do=f"do{CONTROLS}")
    assert str(error).isprintable()


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
