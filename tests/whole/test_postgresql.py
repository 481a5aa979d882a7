"""Every command prints the same with its logs in PostgreSQL as with them in a file."""

import pytest

from tests.whole.test_gold_commands import CASES, COMMANDS, GOLD, place, run, session

__all__ = ["place", "run"]

OF_FILES = ("--db", "replay.db", "databases", "sql ", "--help", "backup")
"""What a case is about that needs a database in a file."""


def about_logs() -> dict[str, str]:
    """Cases by name: for every command the first two that can have any database."""
    cases: dict[str, str] = {}
    for command in COMMANDS:
        own = [
            name
            for name, lines in CASES.items()
            if any(command in line.split()[:3] for line in lines.split(";"))
            and not any(word in lines for word in OF_FILES)
            and "replay.db" not in (GOLD / f"{name}.txt").read_text()
        ]
        cases.update({name: CASES[name] for name in own[:2]})
    return cases


OTHERS = {
    "cover": "import yard.jsonl; --patches toy cover --all; --patches toy cover yard --minimal",
    "hunt": "--patches toy hunt base..after --depth 2",
    "shrink": "import yard.jsonl; --patches toy shrink yard base..after; logs",
    "touched": "import yard.jsonl; --patches toy touched light.patch yard",
    "store": "import yard.jsonl same.jsonl; migrate; migrate; verify; verify yard; verify none",
    "trouble": "import broken.jsonl; logs; import yard.jsonl yard.jsonl nothing.jsonl; log none",
}
"""What has no expected output of its own, or names the database in it."""


def test_every_command_is_in_a_case():
    lines = [*about_logs().values(), *OTHERS.values()]
    words = {word for line in lines for word in line.replace(";", " ").split()}
    # a backup is a file of its own, and a screen is no output
    assert set(COMMANDS) - words == {"backup", "explore"}


@pytest.mark.parametrize("name", OTHERS)
def test_a_command_prints_the_same_with_either_database(name, place, run, postgresql, monkeypatch):
    url = postgresql.schema()
    texts = []
    for where in ("replay.db", url):
        monkeypatch.setenv("REPLAY_DB", where)
        texts.append(session(OTHERS[name], run).decode().replace(where, "DATABASE"))
    assert texts[0] == texts[1]
    assert "Traceback" not in texts[0]


@pytest.mark.parametrize("name", about_logs())
def test_a_command_prints_what_it_prints_with_a_file(name, place, run, postgresql, monkeypatch):
    monkeypatch.setenv("REPLAY_DB", postgresql.schema())
    text = session(CASES[name], run).replace(bytes(place), b"PLACE")
    assert text.decode() == (GOLD / f"{name}.txt").read_text()
