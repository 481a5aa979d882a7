"""What the shell offers, asked as bash asks it."""

import json

import pytest

from replay.cli import main
from replay.cli.commands.help import TOPICS
from tests.cli.test_app import fails, replay, succeeds  # noqa: F401 - a fixture
from tests.examples import PATCHES


@pytest.fixture
def offers(replay, monkeypatch, capfd):  # noqa: F811
    """offers(LINE): the words that complete the last one of a command line."""
    replay("import", "yard.jsonl", "same.jsonl")

    def ask(line: str) -> list[str]:
        words = ["replay", *line.split(" ")]
        monkeypatch.setenv("_REPLAY_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", " ".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        with pytest.raises(SystemExit):
            main()
        monkeypatch.delenv("_REPLAY_COMPLETE")
        out, err = capfd.readouterr()
        assert err == ""
        return out.split()

    return ask


def test_variants_and_logs_are_offered_where_they_are_meant(offers):
    assert offers("diff ") == [
        *("same", "yard", "before", "with", "after", "base", "recorded", "qemu"),
        *("aaaa1111", "bbbb2222"),
    ]
    assert offers("run y") == ["yard"]
    assert offers("diff with..a") == ["with..after", "with..aaaa1111"]
    assert offers("--variant mine=base show m") == ["mine"]
    assert offers("show af") == ["after"]
    assert offers("annotate yard.py@wi") == ["yard.py@with"]


def test_behind_plus_and_minus_stand_the_patches_of_the_series(offers):
    assert offers("show after-") == ["after-aaaa1111", "after-bbbb2222"]
    assert offers("diff before..before+b") == ["before..before+bbbb2222"]
    assert offers("diff yard --only aaaa1111,b") == ["aaaa1111,bbbb2222"]


def test_places_are_offered_a_part_at_a_time(offers):
    assert {"7", "7.behind"} & set(offers("explain yard "))
    assert "7.marks" in offers("explain yard 7.")
    assert offers("explain yard 7.ma") == ["7.marks"]
    assert set(offers("explain yard 7.marks.")) >= {"7.marks.BRAKE"}
    assert offers("bisect yard.jsonl --field 7.ma") == ["7.marks"]


def test_checks_and_topics_are_offered(offers, monkeypatch):
    assert offers("help e") == ["events", "export", "explore", "explain"]
    monkeypatch.setenv("REPLAY_PATCHES", str(PATCHES))
    assert offers("bisect yard --check im") == ["images_stay"]


@pytest.mark.parametrize("line", ["explain nix ", "explain broken.jsonl 7", "run nix"])
def test_what_is_wrong_offers_nothing_and_says_nothing(offers, tmp_path, line):
    (tmp_path / "broken.jsonl").write_text("{\n")
    assert [word for word in offers(line) if word.startswith("7")] == []


def test_no_store_is_made_for_an_offer(replay, tmp_path, monkeypatch, capfd):  # noqa: F811
    monkeypatch.setenv("_REPLAY_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "replay run ")
    monkeypatch.setenv("COMP_CWORD", "2")
    with pytest.raises(SystemExit):
        main()
    assert capfd.readouterr() == ("\n", "") or not capfd.readouterr().out
    assert not (tmp_path / "replay.db").exists()


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_fits_a_terminal_and_names_others_that_exist(replay, topic):  # noqa: F811
    text = succeeds(replay("help", topic))
    lines = [line for line in text.splitlines() if not line.startswith("  {")]
    assert max(map(len, lines)) <= 80
    for word in text.split("replay help ")[1:]:
        assert word.split()[0].strip(",") in TOPICS


def test_the_log_of_the_topic_events_is_one(replay, tmp_path):  # noqa: F811
    text = succeeds(replay("help", "events"))
    lines = [line.strip() for line in text.splitlines() if line.startswith("  {")]
    assert all(json.loads(line) for line in lines)
    (tmp_path / "mine.jsonl").write_text("".join(f"{line}\n" for line in lines))
    assert succeeds(replay("import", "mine.jsonl")).startswith("stored mine: 5 events")


def test_the_check_of_the_topic_checks_is_one(replay, tmp_path, monkeypatch):  # noqa: F811
    text = succeeds(replay("help", "checks"))
    start = text.index("  def images_stay")
    code = text[start : text.index("\n\n", start)]
    (tmp_path / "own.py").write_text("\n".join(line[2:] for line in code.splitlines()) + "\n")
    monkeypatch.setenv("REPLAY_PATCHES", str(PATCHES))
    log = str(PATCHES / "examples" / "deleted-overlay.jsonl")
    done = replay("check", log, "--checks", "own.py", "--at", "after")
    assert "images_stay" in succeeds(done, 1)


def test_a_command_is_told_of_as_its_own_help_does(replay):  # noqa: F811
    assert succeeds(replay("help", "am")).strip() == succeeds(replay("am", "--help")).strip()
    assert "no topic nix; there are revisions, events" in fails(replay("help", "nix"))
