"""The library: what a script can do without the command line, and what importing it costs."""

import inspect
import json
import subprocess
import sys
import textwrap

import pytest

import replay
from tests.examples import PATCHES

EXAMPLE = PATCHES / "examples" / "deleted-overlay.jsonl"
GOLD = PATCHES.parent / "tests" / "data" / "gold"


@pytest.fixture(scope="module")
def subject():
    return replay.load_subject()


@pytest.fixture(scope="module")
def log():
    return replay.read_log(EXAMPLE)


@pytest.fixture(scope="module")
def difference(subject, log):
    return replay.diff(*(replay.replay(log, variant) for variant in subject.variants()))


def test_the_docstring_of_the_package_is_a_script_that_works(monkeypatch, capsys):
    monkeypatch.chdir(PATCHES.parent)
    exec(textwrap.dedent(replay.__doc__.split("\n\n", 1)[1]), {})
    assert "overlay.qcow2" in capsys.readouterr().out


def test_a_report_is_what_the_command_prints(difference):
    report = replay.report(replay.attribute(difference))
    assert str(report) == (GOLD / "deleted-overlay.txt").read_text()
    assert report.json() == (GOLD / "deleted-overlay.json").read_text()
    assert report.markdown() == (GOLD / "deleted-overlay.md").read_text()


def test_a_report_is_saved_in_the_form_that_its_suffix_names(difference, tmp_path):
    report = replay.report(difference)
    for suffix in ("txt", "json", "md", "html"):
        report.save(tmp_path / f"report.{suffix}")
    assert (tmp_path / "report.txt").read_text() == str(report)
    assert json.loads((tmp_path / "report.json").read_text())["log"]["name"] == "deleted-overlay"
    assert (tmp_path / "report.html").read_text() == report._repr_html_()


def test_a_form_that_is_not_there_is_refused(difference, subject, log, tmp_path):
    with pytest.raises(replay.ReplayError, match=r"end its name in one of \.txt"):
        replay.report(difference).save(tmp_path / "report.pdf")
    trace = replay.replay(log, subject.variant("after"))
    report = replay.report(replay.explain(trace, "drive0"))
    assert report._repr_html_() is None
    with pytest.raises(replay.ReplayError, match="has no form html"):
        report.html()
    assert not list(tmp_path.iterdir())


def test_text_keeps_to_the_width_that_is_given(difference):
    lines = replay.report(difference).text(60).splitlines()
    assert all(len(line) <= 60 or " " not in line.strip() for line in lines)


def test_a_place_is_explained_bisected_and_checked(subject, log):
    start, end = subject.variants("with", "after")
    trace = replay.replay(log, end)
    assert "overlay" in str(replay.report(replay.explain(trace, "/images/overlay.qcow2")))
    assert "7e3d98dd" in str(replay.report(replay.bisect(log, start, end)))
    found = replay.report(replay.check(trace)).json()
    assert "named-images" in found or json.loads(found)["breaches"]


def test_a_recording_is_observed(subject):
    path = PATCHES.parent / "tests/data/recordings/07-transaction-rollback.qmp.jsonl.xz"
    log = replay.read_log(path)
    traces = replay.observe(log, subject), replay.replay(log, subject.variant("after"))
    assert "recorded" in str(replay.report(replay.diff(*traces)))


def test_a_log_goes_into_a_store_and_comes_back(log, tmp_path):
    with replay.open_store(tmp_path / "logs.db") as store:
        assert store.logs() == ()
    assert replay.read_logs(EXAMPLE) == (log,)


def test_importing_the_library_loads_nothing_that_only_some_commands_need():
    script = "import sys, replay; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "replay" in loaded
    assert loaded & {"sqlalchemy", "alembic", "rich", "jinja2", "typer"} == set()


def test_every_public_function_says_what_it_takes_and_gives():
    for name in replay.__all__:
        thing = getattr(replay, name)
        assert inspect.getdoc(thing), name
        if inspect.isfunction(thing):
            hints = inspect.get_annotations(thing)
            assert set(inspect.signature(thing).parameters) | {"return"} <= set(hints), name
