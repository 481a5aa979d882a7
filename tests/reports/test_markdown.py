"""Markdown for reviews and tickets: a parser sees what was meant, and nothing that a log brings."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace
from typer.testing import CliRunner

from replay.cli.app import app
from replay.engine.diff import diff
from replay.engine.trace import Outcome
from replay.events.event import Command, Guest
from replay.reports.documents.diff import DiffReport, DiffReports, diff_report
from replay.reports.documents.run import run_report
from replay.reports.markdown import diff as markdown_diff
from replay.reports.markdown import markup
from replay.reports.markdown import run as markdown_run
from replay.state.objects import Ref, State
from tests.examples import PATCHES
from tests.handmade import FLAGS, disk, machine, node, trace
from tests.hostile import WILD, hostile

DO = Command("qmp", "do", {"device": "d"})
DONE = Outcome("returned", {})


def tokens(text: str) -> list[Token]:
    """All that a parser sees, tables included."""
    found = MarkdownIt("commonmark").enable("table").parse(text)
    return [token for block in found for token in (block, *(block.children or ()))]


def codes(text: str) -> list[str]:
    return [token.content for token in tokens(text) if token.type == "code_inline"]


def test_a_text_in_code_is_shown_as_it_is():
    for text in ("a", "`", "``a`", " a ", "a`", "<b>", "\\", "#1 @x"):
        assert codes(markup.code(text)) == [text]
    assert codes(markup.code("\x1b\n")) == ["\\x1b\\n"]


def test_prose_has_no_markup_and_no_references():
    for wild in WILD:
        found = tokens(markup.prose(wild))
        assert {token.type for token in found} <= {
            "paragraph_open",
            "paragraph_close",
            "inline",
            "text",
            "text_special",
            "code_inline",
        }
        plain = "".join(t.content for t in found if t.type in ("text", "text_special"))
        assert not re.search(r"#\d|@|://|www\.", plain)


def test_a_diff_has_headline_and_values():
    a = machine(node(2, "d", x=1, open_flags=2, file=Ref(3)), node(3), roots=(2,), disk=disk("/f"))
    b = machine(node(2, "d", x=2, open_flags=18), roots=(2,), disk=disk(gone=("/f",)))
    told = markdown_diff.diffs(
        DiffReports((diff_report(diff(trace("a", (DO, DONE, a)), trace("b", (DO, DONE, b)))),))
    )
    assert "**`#1`: the file /f exists in a; is unlinked in b.**" in told
    assert "| `d` | `TEMPORARY` | cleared | **set** |" in told
    assert "| `#1` | `d x` | `1` | `2` |" in told
    assert "| `#1` | `d.file existence` | `present` | `absent` |" in told
    tables = [token for token in tokens(told) if token.type == "table_open"]
    assert len(tables) == 3


def test_a_run_has_a_numbered_list_of_events():
    state = machine(node(2, "d", open_flags=sum(FLAGS.values())), roots=(2,))
    told = markdown_run.run(
        run_report(trace("a", (DO, DONE, state), (DO, DONE, machine(roots=()))))
    )
    assert "1. `qmp do device=d`: `returned`\n" in told
    assert "    - `+ d name=d open_flags=RDWR|SNAPSHOT|TEMPORARY`\n" in told
    assert told.endswith("2. `qmp do device=d`: `returned`\n    - `- d`\n")


def test_nothing_of_a_hostile_recording_becomes_markup():
    for wild in WILD:
        event = Guest("read", wild, 0, 1)
        a = machine(node(2, wild, x=wild), roots=(2,), disk=disk(wild))
        b = machine(node(2, wild, x=1), roots=(2,), disk=disk(gone=(wild,)))
        refused = Outcome("refused", error={"class": wild, "desc": wild})
        traces = trace("a", (event, refused, a)), trace("b", (event, DONE, b))
        told = "\n".join(
            [
                markdown_diff.diffs(DiffReports((diff_report(diff(*traces)),))),
                markdown_run.run(run_report(traces[0])),
            ]
        )
        html = [token.content for token in tokens(told) if token.type.startswith("html")]
        assert [line for part in html for line in part.split("\n") if line] == [
            "<details><summary>All divergences</summary>",
            "</details>",
        ]
        kinds = {token.type for token in tokens(told)}
        assert not kinds & {"link_open", "image", "em_open", "heading_close_setext"}
        assert all(line.isprintable() for line in told.split("\n"))


@pytest.mark.parametrize(
    "words",
    [
        ["explain", "FILE", "--seq", "7", "before..after"],
        ["bisect", "FILE", "before..after"],
        ["check", "FILE", "--bisect"],
    ],
    ids=" ".join,
)
def test_no_report_lets_a_log_bring_markup(tmp_path: Path, words: list[str]) -> None:
    file = str(hostile(tmp_path / "hostile.jsonl"))
    given = [file if word == "FILE" else word for word in words]
    before = ["--db", str(tmp_path / "replay.db"), "--patches", str(PATCHES)]
    text = CliRunner().invoke(app, [*before, *given, "--format", "md"]).stdout
    kinds = {token.type for token in tokens(text)}
    assert {"heading_open", "code_inline"} <= kinds
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "em_open"}


def test_what_has_no_room_is_left_out_and_said() -> None:
    lines = list(markup.limited(["x" * 99] * 1000, "rows"))
    assert sum(len(line) + 1 for line in lines) <= markup.MOST
    kept = lines.count("x" * 99)
    assert lines[-1] == f"{1000 - kept} more rows are left out here; `--format json` has all."
    assert list(markup.limited(["a", "b"], "rows")) == ["a", "b"]


def test_a_diff_of_many_values_keeps_within_a_comment() -> None:
    def wide(value: int) -> tuple[Command, Outcome, State]:
        nodes = (node(2, "d", **{f"field{n}": value for n in range(3000)}),)
        return DO, DONE, machine(*nodes, roots=(2,))

    def report(value: int) -> DiffReport:
        made = diff_report(diff(trace("a", wide(1)), trace("b", wide(value))))
        return replace(made, log=replace(made.log, name=f"log{value}"))

    text = markdown_diff.diffs(DiffReports((report(2),)))
    assert len(text) <= 60_000
    assert "more divergences are left out here" in text
    assert text.endswith("</details>\n")
    many = markdown_diff.diffs(DiffReports(tuple(map(report, range(2, 7)))))
    assert len(many) <= 60_000
    assert many.count("more divergences are left out here") == 5


def test_logs_that_differ_alike_have_one_text_with_the_names_of_the_others() -> None:
    both = (machine(node(2, "d", x=value), roots=(2,)) for value in (1, 2))
    made = diff_report(diff(*(trace(n, (DO, DONE, it)) for n, it in zip("ab", both, strict=True))))
    reports = [replace(made, log=replace(made.log, name=name)) for name in ("one", "three", "two")]
    text = markdown_diff.diffs(DiffReports(tuple(reports)))
    assert text.count("fingerprint") == 1
    assert "So it is in 2 more logs: `three, two`" in text
