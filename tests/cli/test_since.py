"""`replay diff --since FILE`: what became of a corpus from run to run, and files that are none."""

import base64
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_diff import COUPLE, LOGS, UNCOUPLE, Done, command

FORMS = {"page": "html", "JSON": "json"}


@pytest.fixture
def replay(tmp_path, monkeypatch, capfd) -> Callable[..., Done]:
    """replay(WORD...) in a directory with a database of the logs."""
    run = command(tmp_path, monkeypatch, capfd)
    for name, events in LOGS.items():
        write(name, events)
    run("import", *(f"{name}.jsonl" for name in LOGS))
    return run


def write(name: str, events: str, as_name: str = "") -> None:
    """A file with a log."""
    header = json.dumps({"replay_log": 1, "name": as_name or name})
    Path(f"{name}.jsonl").write_text(f"{header}\n{events}")


def since(done: Done) -> list[str]:
    """What is said of another run: by which name, and what became of which logs."""
    assert done.err == ""
    lines = done.out.partition("\nSince ")[2].splitlines()
    return [lines[0], *(line.strip() for line in lines[1:] if line.startswith("  "))][:8]


@pytest.mark.parametrize("format", FORMS.values(), ids=FORMS)
def test_logs_that_are_as_they_were_are_told_so_with_the_name_of_the_run(replay, format):
    assert replay("diff", "--all", "--format", format, "-o", "last").status == 1
    name, told, *_ = since(replay("diff", "--all", "--since", "last"))
    assert re.fullmatch(r"before [0-9a-f]{12}, with [0-9a-f]{12}, after [0-9a-f]{12}; 3 logs", name)
    assert told == "all logs are as they were"


@pytest.mark.parametrize("format", FORMS.values(), ids=FORMS)
def test_new_logs_gone_ones_and_those_with_another_content_are_told(replay, format):
    replay("diff", "--all", "--format", format, "-o", "last")
    write("more", LOGS["same"] + COUPLE + UNCOUPLE)
    write("other", LOGS["same"] + UNCOUPLE, as_name="short")
    for name in ("same", "long", "more", "other"):
        replay("--db", "second.db", "import", f"{name}.jsonl")
    Path("long.jsonl").unlink()
    done = replay("--db", "second.db", "diff", "same", "more", "short", "--since", "last")
    assert since(done)[1:] == [
        "1 log is new: more",
        "1 log is gone: long",
        "1 log has another content: short",
    ]


@pytest.mark.parametrize("format", FORMS.values(), ids=FORMS)
def test_logs_that_differ_now_no_more_or_otherwise_are_told_between_other_variants(replay, format):
    first = ("before", "with"), ("with", "after")
    replay("diff", *first[0], "--all", "--format", format, "-o", "last")
    told = since(replay("diff", *first[1], "--all", "--since", "last"))
    verdicts = [
        {log["log"]["name"]: log for log in json.loads(replay_json(replay, pair))} for pair in first
    ]
    was, now = ([name for name, it in run.items() if it["divergences"]] for run in verdicts)
    begin = [name for name in now if name not in was]
    end = [name for name in was if name not in now]
    both = [name for name in now if name in was]
    assert begin or end or both
    every = "\n".join(told[1:])
    for names, words in ((begin, "and did not"), (both, "otherwise"), (end, "and was not")):
        for name in names:
            assert any(words in line and name in line for line in told), (name, words, every)


def replay_json(replay: Callable[..., Done], variants: tuple[str, str]) -> str:
    return replay("diff", *variants, "--all", "--format", "json").out


@pytest.mark.parametrize("format", FORMS.values(), ids=FORMS)
def test_a_run_that_is_given_to_the_next_one_keeps_those_before_it(replay, format):
    replay("diff", "before", "with", "--all", "--format", format, "-o", "last")
    for variants in (("with", "after"), ("before", "after")):
        words = ("--since", "last", "--format", format, "-o", "last")
        assert replay("diff", *variants, "--all", *words).err == ""
    done = replay("diff", "before", "after", "--all", "--since", "last", "--format", "json")
    runs = json.loads(done.out)["history"]["runs"]
    named = [[variant["name"] for variant in run["variants"]] for run in runs]
    assert named == [["before", "with"], ["with", "after"], *2 * [["before", "after"]]]
    assert [run["logs"] for run in runs] == [3, 3, 3, 3]
    assert "changes" not in runs[0]
    assert runs[-1]["changes"] == {}


def test_a_page_lists_all_runs_and_their_names_are_text(replay):
    write("<b>odd", COUPLE, as_name="<b>odd")
    replay("diff", "--all", "--format", "html", "-o", "last.html")
    replay("import", "<b>odd.jsonl")
    replay("diff", "--all", "--since", "last.html", "--format", "html", "-o", "last.html")
    page = Path("last.html").read_text()
    assert "1 log is new: &lt;b&gt;odd" in page
    assert "<b>odd" not in page
    assert page.count("; 3 logs") == 1
    assert "; 4 logs" in page


def test_markdown_tells_it_too(replay):
    replay("diff", "same", "--format", "json", "-o", "last.json")
    done = replay("diff", "same", "short", "--since", "last.json", "--format", "md")
    assert "### Since before " in done.out
    assert "- 1 log is new: `short`" in done.out


# What is none


def kept(page: str, changed: Callable[[str], str]) -> str:
    """A page in which what it keeps of runs is something else."""
    begin = '<script type="application/json+gzip;base64" id="history">'
    head, _, rest = page.partition(begin)
    packed, _, tail = rest.partition("<")
    text = gzip.decompress(base64.b64decode(packed)).decode()
    again = base64.b64encode(gzip.compress(changed(text).encode())).decode()
    return f"{head}{begin}{again}<{tail}"


BREAKS: dict[str, Callable[[str], str]] = {
    "nothing": lambda page: "",
    "a page of another program": lambda page: "<!DOCTYPE html><p>No",
    "two histories": lambda page: page + page,
    "no base64": lambda page: page.replace('id="history">', 'id="history">!'),
    "cut off": lambda page: page.replace('id="history">', 'id="history">QUJD'),
    "a log twice": lambda page: kept(page, lambda t: t.replace('"long"', '"short"')),
    "a verdict that is none": lambda page: kept(page, lambda t: t.replace('"same"', '"fine"')),
    "another version": lambda page: kept(page, lambda t: t.replace('"version":1', '"version":2')),
    "more logs than there are": lambda page: kept(
        page, lambda t: t.replace('"logs":3', '"logs":4')
    ),
    "a field too many": lambda page: kept(page, lambda t: t.replace('"runs":', '"x":1,"runs":')),
    "a number for a name": lambda page: kept(
        page, lambda t: t.replace('"name":"long"', '"name":7')
    ),
    "a bomb": lambda page: kept(page, lambda t: t + " " * 250_000_000),
    "JSON that is no diff": lambda page: '{"log": 1}',
    "a list of nothing": lambda page: "[]",
    "half of a list": lambda page: '[{"log":',
    "a history of nothing": lambda page: '{"history": {"version": 1, "runs": [], "logs": []}}',
    "deep JSON": lambda page: "[" * 100_000,
}


@pytest.mark.parametrize("changed", BREAKS.values(), ids=BREAKS)
def test_a_file_without_a_history_is_an_error_and_nothing_is_written(replay, changed):
    replay("diff", "--all", "--format", "html", "-o", "page.html")
    Path("page.html").write_text(changed(Path("page.html").read_text()))
    done = replay("diff", "--all", "--since", "page.html", "--format", "html", "-o", "new.html")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("replay: page.html: has no history of runs: ")
    assert not Path("new.html").exists()


def test_a_file_that_is_not_there_and_one_of_other_variants_are_errors(replay):
    assert "none.html: cannot be read" in replay("diff", "--all", "--since", "none.html").err
    replay("diff", "--all", "--format", "html", "-o", "three.html")
    done = replay("diff", "with", "after", "--all", "--since", "three.html")
    assert done.err.startswith("replay: three.html: has 3 variants, and this run 2; compare")
    assert "leave --quiet" in replay("diff", "--all", "--quiet", "--since", "three.html").err
