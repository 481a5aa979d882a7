"""Every file that a directory has had is known, however short its life was."""

from replay.qemu.live import directory_watch
from replay.qemu.live.directory_watch import watching


def test_a_file_that_is_gone_at_once_is_known(tmp_path):
    (tmp_path / "old").touch()
    with watching(tmp_path) as watch:
        for number in range(500):
            file = tmp_path / f"name {number}é"
            file.touch()
            file.unlink()
        (tmp_path / "moved").touch()
        (tmp_path / "moved").rename(tmp_path / "to")
        assert watch.complete
        assert watch.names() == {
            *("old", "moved", "to"),
            *(f"name {number}é" for number in range(500)),
        }


def test_more_than_the_kernel_keeps_is_said(tmp_path):
    with watching(tmp_path) as watch:
        for number in range(20_000):
            file = tmp_path / str(number)
            file.touch()
            file.unlink()
        watch.names()
        assert not watch.complete


def test_where_nothing_tells_only_what_is_there_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr(directory_watch.sys, "platform", "other")
    with watching(tmp_path) as watch:
        (tmp_path / "short").touch()
        (tmp_path / "short").unlink()
        (tmp_path / "there").touch()
        assert (watch.names(), watch.complete) == ({"there"}, False)


def test_what_was_before_a_new_beginning_is_not_known(tmp_path):
    with watching(tmp_path) as watch:
        for number in range(20_000):
            file = tmp_path / str(number)
            file.touch()
            file.unlink()
        (tmp_path / "stays").touch()
        watch.restart()
        (tmp_path / "new").touch()
        (tmp_path / "new").unlink()
        assert (watch.names(), watch.complete) == ({"stays", "new"}, True)
