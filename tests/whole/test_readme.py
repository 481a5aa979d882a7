"""The README: its commands are the ones that work, its output is the one that comes."""

import re

from replay import load_subject, read_log, replay
from tests.examples import PATCHES
from tests.readme import README, rerun, sessions

TEXT = README.read_text()


def test_every_session_of_the_readme_prints_what_it_says(tmp_path):
    shown = sessions(TEXT)
    assert shown
    assert [rerun(session, tmp_path) for session in shown] == shown


def test_the_first_block_holds_the_two_commands_one_a_line():
    first = re.search(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert first is not None and first.group(1) == "sh"
    diff, tests = first.group(2).splitlines()
    assert all(line.startswith("python3 -m venv ") for line in (diff, tests))
    assert "replay diff" in diff and "snapshot-on.jsonl" in diff
    assert "pytest" in tests


def test_every_file_that_the_readme_links_to_exists():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT)
    assert targets
    assert [target for target in targets if not (README.parent / target).exists()] == []


def test_the_script_of_the_readme_works(tmp_path, monkeypatch, capsys):
    scripts = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert len(scripts) == 1
    (tmp_path / "patches").symlink_to(PATCHES)
    monkeypatch.chdir(tmp_path)
    exec(scripts[0], {})
    assert "overlay.qcow2" in capsys.readouterr().out
    assert (tmp_path / "review.html").read_text().startswith("<!DOCTYPE html>")


def test_every_file_that_the_rooms_documents_name_exists():
    root = README.parent
    documents = [*(root / "replay").rglob("README.md"), root / ".github" / "CONTRIBUTING.md"]
    assert len(documents) >= 4
    for document in documents:
        text = document.read_text()
        links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
        assert [link for link in links if not (document.parent / link).exists()] == [], document
        named = re.findall(r"`([\w/.-]+/[\w.-]+\.(?:py|patch|toml))`", text)
        places = (document.parent, root, root / "replay")
        lost = [name for name in named if not any((place / name).exists() for place in places)]
        assert lost == [], document


def test_the_native_form_in_the_formats_document_is_read(tmp_path):
    text = (README.parent / "replay" / "formats" / "README.md").read_text()
    example = re.search(r"^```\n(\{.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert example is not None
    file = tmp_path / "example.jsonl"
    file.write_text(example[1])
    subject, log = load_subject(), read_log(file)
    assert [step.outcome.status for step in replay(log, subject.variant("after")).steps] == [
        "returned"
    ] * len(log.events)
