"""The pytest plugin, as the CI of a patch series has it."""

from importlib.metadata import entry_points

import pytest

from tests.cli.test_app import SAME, YARD
from tests.conftest import TOY
from tests.examples import PATCHES

pytest_plugins = "pytester"

# Where the package was installed before it had the plugin, its metadata does not name it.
INSTALLED = any(entry.name == "replay" for entry in entry_points(group="pytest11"))
LOAD = () if INSTALLED else ("-p", "replay.cli.pytest_plugin")


@pytest.fixture
def run(pytester, monkeypatch):
    """run(OPTION...): pytest in a directory with two logs, of which one shows a difference."""
    logs = pytester.mkdir("logs")
    (logs / "yard.jsonl").write_text(YARD)
    (logs / "same.jsonl").write_text(SAME)
    (logs / "README.md").write_text("No log.\n")
    monkeypatch.setenv("REPLAY_PATCHES", str(TOY))

    def run(*options):
        return pytester.runpytest_inprocess(*LOAD, "-p", "no:cacheprovider", *options)

    return run


def test_a_log_is_an_item_and_its_report_the_text_of_a_failure(run):
    result = run("--replay", "logs")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*yard.jsonl::yard*",
            "Only state differs, from #2: BRAKE in marks*",
            "log      yard  da74d323503d  2 events",
            "bbbb2222 *yard: give wagons brakes",
            "FAILED logs/yard.jsonl::yard - Only state differs*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    assert result.ret == 1


def test_variants_may_be_chosen_and_logs_by_pytests_own_words(run):
    run("--replay", "logs", "--replay-variants", "before,with").assert_outcomes(passed=2)
    run("--replay", "logs", "--replay-variants", "before..after", "-k", "same").assert_outcomes(
        passed=1, deselected=1
    )
    run("--replay", "logs/yard.jsonl").assert_outcomes(failed=1)
    run("--replay", "logs", "--replay-glob", "s*").assert_outcomes(passed=1)


def test_alone_it_collects_logs_only_and_beside_tests_both(run, pytester):
    pytester.makepyfile(test_it="def test_one(): pass")
    run("--replay", "logs/same.jsonl").assert_outcomes(passed=1)
    run("--replay", "logs/same.jsonl", "test_it.py").assert_outcomes(passed=2)
    run().assert_outcomes(passed=1)


def test_what_is_accepted_passes_until_something_else_differs(run, pytester):
    baseline = ("--replay", "logs", "--replay-baseline", "accepted.jsonl")
    result = run(*baseline, "--replay-update")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["replay: accepted.jsonl accepts what differs: * effects"])
    run(*baseline).assert_outcomes(passed=2)
    text = (pytester.path / "accepted.jsonl").read_text()
    (pytester.path / "accepted.jsonl").write_text("".join(text.splitlines(keepends=True)[:-1]))
    run(*baseline).assert_outcomes(passed=1, failed=1)
    run(*baseline, "--replay-update", "-k", "same").assert_outcomes(passed=1, deselected=1)
    assert (pytester.path / "accepted.jsonl").read_text() == "".join(
        text.splitlines(keepends=True)[:-1]
    )


def test_an_entry_that_covers_nothing_any_more_is_told(run):
    baseline = ("--replay", "logs", "--replay-baseline", "accepted.jsonl")
    run(*baseline, "--replay-update")
    result = run(*baseline, "--replay-variants", "before,with")
    result.stdout.fnmatch_lines(
        ["replay: accepted.jsonl: no longer occurs: * in yard, by bbbb2222*"]
    )


def test_nothing_compared_is_a_failure(run, pytester, monkeypatch):
    monkeypatch.setenv("REPLAY_PATCHES", str(PATCHES))
    (pytester.path / "nothing.jsonl").write_text('{"replay_log": 1, "name": "nothing"}\n')
    result = run("--replay", "nothing.jsonl", "--replay-variants", "with,after")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["Nothing compared in with and after: *"])


def test_a_log_of_which_only_a_part_was_compared_fails_if_that_is_asked_for(run, pytester):
    unknown = '{"kind": "command", "channel": "qmp", "name": "fly", "arguments": {}}\n'
    (pytester.path / "logs" / "same.jsonl").write_text(SAME + unknown)
    run("--replay", "logs", "-k", "same").assert_outcomes(passed=1, deselected=1)
    result = run("--replay", "logs", "-k", "same", "--replay-strict")
    result.assert_outcomes(failed=1, deselected=1)
    result.stdout.fnmatch_lines(["The same in what was compared: 1 of 2 events*"])


def test_junit_has_the_report_and_the_logs_fingerprint(run, pytester):
    run("--replay", "logs", "--junitxml", "out.xml")
    text = (pytester.path / "out.xml").read_text()
    assert 'name="fingerprint" value="da74d323503d' in text
    assert "Only state differs, from #2: BRAKE in marks" in text


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--replay", "nix"), "--replay nix: no such file or directory"),
        (("--replay", "logs", "--replay-update"), "needs --replay and --replay-baseline"),
    ],
)
def test_a_wrong_use_is_told(run, options, reason):
    result = run(*options)
    result.stderr.fnmatch_lines([f"*{reason}*"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--replay-variants", "with"), "only one variant, with; --replay-variants A,B"),
        (("--replay-variants", "with,nix"), "unknown variant nix*"),
        (("--replay-baseline", "nix.jsonl"), "nix.jsonl: no such file"),
    ],
)
def test_what_cannot_be_compared_fails_with_a_line(run, options, reason):
    result = run("--replay", "logs", *options)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines([reason])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_file_that_cannot_be_read_is_an_error_of_collection(run, pytester):
    (pytester.path / "logs" / "broken.jsonl").write_text(YARD + "{\n")
    result = run("--replay", "logs")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*broken.jsonl:4*"])


def test_no_control_character_of_a_log_or_a_baseline_reaches_the_terminal(run, pytester):
    odd = "\\u0085\\u009b31m"
    (pytester.path / "logs" / "bad.jsonl").write_text(
        f'{{"replay_log": 1, "name": "bad"}}\n{{"kind": "await", "until": "{odd}"}}\n'
    )
    run("--replay", "logs/yard.jsonl", "--replay-baseline", "accepted", "--replay-update")
    accepted = pytester.path / "accepted"
    accepted.write_text(accepted.read_text().replace("7.marks", odd).replace('"marks"', f'"{odd}"'))
    unused = run("--replay", "logs/yard.jsonl", "--replay-baseline", "accepted").stdout
    unused.fnmatch_lines(["*no longer occurs: *31m*"])
    refused = run("--replay", "logs/bad.jsonl").stdout
    refused.fnmatch_lines(["*bad.jsonl:2: *31m*"])
    assert not {"\x85", "\x9b"} & set(unused.str() + refused.str())
