"""Builds of QEMU: what is found where, and that what is named is what runs."""

import hashlib
import shutil
from pathlib import Path

import pytest

from replay.engine.diff import diff
from replay.errors import DoesNotStart, Unavailable
from replay.qemu.live.builds import find_build, list_builds, path_within
from replay.qemu.live.performer import perform
from tests.qemu.machines import BASE, SUBJECT, drive, log_of

LOG = log_of(BASE, drive("file=/images/base.qcow2,snapshot=on"))


@pytest.fixture
def installed(need):
    need("qemu-system-x86_64", "qemu-system-x86")
    need("qemu-img", "qemu-utils")
    return find_build()


def program(path: Path, text: str = 'exec qemu-system-x86_64 "$@"\n') -> Path:
    """A script in place of a program."""
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def test_a_program_is_a_build_with_the_tools_beside_it(installed, tmp_path):
    script = program(tmp_path / "qemu-system-x86_64")
    build = find_build(str(script))
    assert build.name == f"qemu:{script}"
    assert build.version == installed.version
    assert build.remark == "not beside it but in PATH: qemu-img, qemu-io"
    tool = program(tmp_path / "qemu-img", 'exec qemu-img "$@"\n')
    build = find_build(str(script))
    assert (build.img, build.remark) == ((str(tool),), "not beside it but in PATH: qemu-io")


def test_unpacked_packages_are_a_build_and_run_by_their_own_loader(backports):
    build = find_build(str(backports))
    assert build.system[1] == "--library-path"
    assert Path(build.system[0]).is_relative_to(backports.resolve())
    assert build.version.startswith("QEMU ")
    trace = perform(LOG, SUBJECT, build)
    assert trace.steps[-1].view.running
    assert not trace.remarks


def test_the_digest_is_that_of_the_program_that_ran(installed, backports, tmp_path):
    script = program(tmp_path / "old", 'exec qemu-system-x86_64 "$@"\n')
    starting = program(tmp_path / "starting", 'qemu-system-x86_64 "$@"\n')
    expected = hashlib.sha256(installed.program.read_bytes()).hexdigest()
    for build in (installed, find_build(str(script)), find_build(str(starting))):
        assert perform(LOG, SUBJECT, build).player.digest == expected
    unpacked = find_build(str(backports))
    ran = backports.resolve() / "usr/bin/qemu-system-x86_64"
    assert perform(LOG, SUBJECT, unpacked).player.digest == (
        hashlib.sha256(ran.read_bytes()).hexdigest()
    )


def test_two_builds_stand_beside_each_other(installed, backports):
    old = perform(LOG, SUBJECT, installed, "old")
    new = perform(LOG, SUBJECT, find_build(str(backports)), "new")
    assert [trace.player.name for trace in diff(old, new).traces] == ["old", "new"]
    assert old.player.revision != new.player.revision


def test_a_directory_holds_builds_or_is_one(installed, backports, tmp_path):
    (tmp_path / "new").symlink_to(backports)
    (tmp_path / "other").mkdir()
    program(tmp_path / "qemu-system-x86_64")
    names = [build.name for build in list_builds([tmp_path])]
    assert names == [f"qemu:{tmp_path}/new", f"qemu:{tmp_path}/qemu-system-x86_64"]
    assert [build.name for build in list_builds([backports])] == [f"qemu:{backports}"]
    assert [build.name for build in list_builds([])] == ["qemu"]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "no program that can be run"),
        (lambda path: path.write_text("no script"), "no program that can be run"),
        (lambda path: path.mkdir(), "has no usr/bin/qemu-system-x86_64 and no usr/bin/qemu-img"),
        (lambda path: program(path, "echo broken >&2; exit 3\n"), "broken"),
    ],
)
def test_what_is_no_build_is_refused_with_the_reason(tmp_path, make, reason, need):
    need("qemu-img", "qemu-utils")
    make(tmp_path / "x")
    with pytest.raises((Unavailable, DoesNotStart), match=reason):
        find_build(str(tmp_path / "x"))


def test_unpacked_packages_without_their_loader_say_what_to_unpack(tmp_path, backports):
    programs = tmp_path / "usr" / "bin"
    programs.mkdir(parents=True)
    for name in ("qemu-system-x86_64", "qemu-img", "qemu-io"):
        shutil.copy(backports / "usr" / "bin" / name, programs)
    with pytest.raises(Unavailable, match=r"has no .*ld-linux.*unpack libc6"):
        find_build(str(tmp_path))


def test_links_within_unpacked_packages_stay_within_them(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("")
    (tmp_path / "absolute").symlink_to("/etc/passwd")
    (tmp_path / "above").symlink_to("../../../etc/passwd")
    (tmp_path / "round").symlink_to("round")
    inside = tmp_path / "etc" / "passwd"
    assert path_within(tmp_path, "absolute") == path_within(tmp_path, "above") == inside
    assert path_within(tmp_path, "round") == tmp_path / "round"
