"""Files appear whole, at names that nobody could know before, and links lead nowhere else."""

import os
import shutil
from itertools import chain
from pathlib import Path

import pytest

from replay.errors import BadInput
from replay.files import deliver, file_beside, must_lead_inside
from replay.formats import read as ingest
from replay.store.backup import backup
from replay.store.event_store import open_store
from replay.variants.variant import load_subject
from tests.whole.children import FORKS
from tests.whole.soundness import unharmed, written

TOY = Path(__file__).parents[1] / "toy"


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def old_names(target: Path) -> list[Path]:
    """The names that files beside a target had once, which anybody could guess."""
    numbers = chain(range(os.getpid() - 5, os.getpid() + 50))
    return [target.with_name(f".{target.name}.{number}") for number in numbers]


def test_a_planted_link_is_not_followed(tmp_path):
    dear = tmp_path / "dear"
    dear.write_text("something dear")
    target = tmp_path / "place" / "out.html"
    target.parent.mkdir()
    for planted in old_names(target):
        planted.symlink_to(dear)
    with file_beside(target) as beside:
        assert beside.is_file()
        assert not beside.is_symlink()
        assert beside not in old_names(target)
    deliver([b"x"], target)
    assert target.read_bytes() == b"x"
    assert dear.read_text() == "something dear"


def test_a_planted_rest_is_neither_followed_nor_written_to(tmp_path):
    dear = tmp_path / "dear"
    dear.write_text("something dear")
    target = tmp_path / "place" / "out"
    target.parent.mkdir()
    (target.parent / ".out.0.part").symlink_to(dear)
    os.mkfifo(target.parent / ".out.1.part")
    (target.parent / ".out.2.part").mkdir()
    deliver([b"x"], target)
    assert dear.read_text() == "something dear"
    assert names(target.parent) == {"out", ".out.0.part", ".out.1.part", ".out.2.part"}


def die_while_writing(target: Path) -> None:
    with file_beside(target) as beside:
        beside.write_text("half")
        os._exit(9)


def test_what_a_killed_process_left_is_removed_by_the_next_and_nothing_else(tmp_path):
    target = tmp_path / "out"
    child = FORKS.Process(target=die_while_writing, args=(target,))
    child.start()
    child.join()
    assert len(names(tmp_path)) == 1
    with file_beside(target) as one:
        assert names(tmp_path) == {one.name}
        with file_beside(target) as other:
            assert names(tmp_path) == {one.name, other.name}
    assert names(tmp_path) == set()


def test_a_backup_follows_no_planted_link_and_needs_no_second_file(tmp_path):
    with open_store(tmp_path / "replay.db") as store:
        for file in written(tmp_path, 2, 30):
            store.add(ingest.read(file))
        place = tmp_path / "place"
        place.mkdir()
        for planted in old_names(place / "copy.db"):
            planted.symlink_to(tmp_path / "elsewhere")
        backup(store.database, place / "copy.db")
    assert not (tmp_path / "elsewhere").exists()
    assert len(unharmed(place / "copy.db")) == 2


@pytest.mark.parametrize(
    "name", ["series", "base", "01-scrap.patch", "subject.toml", "checks.py", "alphabet.jsonl",
             "translate.toml", "commands.toml"],
)  # fmt: skip
@pytest.mark.parametrize("target", ["outside", "/etc/passwd"])
def test_a_link_out_of_a_subject_s_directory_is_refused_and_not_shown(tmp_path, name, target):
    subject = Path(shutil.copytree(TOY, tmp_path / "toy"))
    outside = tmp_path / "outside"
    if (subject / name).is_dir():
        shutil.move(subject / name, outside)
    else:
        outside.write_text("root:x:0 what nobody may see\n")
        (subject / name).unlink(missing_ok=True)
    where = {"outside": outside, "/etc/passwd": "/etc/passwd"}
    (subject / name).symlink_to(where[target])
    with pytest.raises(BadInput, match="leads out of its directory") as error:
        load_subject(subject)
    assert "root:x" not in str(error.value)


def test_a_link_that_stays_in_the_directory_is_followed(tmp_path):
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to("real")
    must_lead_inside(tmp_path / "link", tmp_path)
    subject = Path(shutil.copytree(TOY, tmp_path / "toy"))
    (subject / "series").rename(subject / "series.real")
    (subject / "series").symlink_to("series.real")
    assert len(load_subject(subject).series.patches) == 2
