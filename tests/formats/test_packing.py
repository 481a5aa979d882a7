"""Files that are packed or in archives; and such as are made to hurt."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import zstandard

from replay.errors import ReplayError
from replay.formats import packing
from replay.formats.packing import sources
from replay.formats.read import read
from tests.trust.costly_recordings import xz_of_a_large_window

STOP = b'{"execute": "stop"}\n'
CONT = b'{"execute": "cont"}\n'
README = b"These are our recordings.\n"


def tar(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return data.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "packed"
    path.write_bytes(data)
    return path


def names(path: Path) -> dict[str, list[str | None]]:
    return {
        recording.header.name: [event.payload.name for event in recording.events]  # type: ignore[union-attr]
        for recording in read(path)
    }


FILES = {"logs/a.log": STOP, "logs/README": README, "b.jsonl": CONT + STOP, "logs/empty": b""}


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress, zstd])
def test_what_is_packed_is_read_as_if_it_were_not(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    assert names(written(tmp_path, pack(CONT + STOP))) == {"packed": ["cont", "stop"]}
    twice = pack(CONT) + pack(STOP)
    assert names(written(tmp_path, twice)) == {"packed": ["cont", "stop"]}


@pytest.mark.parametrize(
    "data",
    [
        tar(FILES),
        gzip.compress(tar(FILES)),
        zstd(tar(FILES)),
        zipped(FILES),
        gzip.compress(zipped(FILES)),
        tar({"all.zip": zipped(FILES)}),
        zipped({"all.tar.xz": lzma.compress(tar(FILES))}),
    ],
    ids=["tar", "tar.gz", "tar.zst", "zip", "zip.gz", "zip in tar", "tar.xz in zip"],
)
def test_each_file_of_an_archive_is_read(tmp_path: Path, data: bytes) -> None:
    assert names(written(tmp_path, data)) == {"a": ["stop"], "b": ["cont", "stop"]}


def test_a_file_in_an_archive_is_named_by_both(tmp_path: Path) -> None:
    path = written(tmp_path, tar({"a\n/../b.log": b"{\n"}))
    (source,) = sources(path)
    assert source.name == f"{path}/a?/../b.log"
    with pytest.raises(ReplayError, match=r"b\.log: no message in 1 line"):
        list(read(path))


def test_a_link_in_an_archive_is_not_followed(tmp_path: Path) -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        link = tarfile.TarInfo("x.log")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert list(sources(written(tmp_path, data.getvalue()))) == []


LINE = b"x" * 99 + b"\n"


def bomb(pack: Callable[[bytes], bytes], unit: bytes = LINE) -> bytes:
    return pack(unit * (20_000_000 // len(unit)))


@pytest.mark.parametrize(
    "data",
    [
        bomb(bz2.compress),
        bomb(lzma.compress),
        bomb(zstd),
        bomb(zstd, b"\0" * 1000),
        gzip.compress(bomb(bz2.compress)),
        zipped({"a.xz": bomb(lzma.compress), "b": STOP}),
        gzip.compress(tar({"a.zst": bomb(zstd)})),
    ],
    ids=["bz2", "xz", "zst", "zeros", "bz2 in gz", "xz in zip", "zst in tar.gz"],
)
def test_what_unpacks_to_far_more_than_a_text_does_is_refused(tmp_path: Path, data: bytes) -> None:
    assert len(data) < 50_000
    with pytest.raises(ReplayError, match="it unpacks to more than 500 times its size"):
        list(read(written(tmp_path, data)))


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress, zstd, gzip.compress, bytes])
def test_a_file_of_blank_lines_is_refused(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ReplayError, match="more than 2000000 blank lines"):
        list(read(written(tmp_path, pack(b"\n" * 2_100_000))))


def test_a_piece_of_xz_that_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    data = xz_of_a_large_window(3000)
    with pytest.raises(ReplayError, match="Memory usage limit exceeded"):
        list(read(written(tmp_path, data)))
    with pytest.raises(ReplayError, match="Memory usage limit exceeded"):
        list(read(written(tmp_path, lzma.compress(STOP) + data)))


def test_the_largest_window_of_the_usual_programs_is_read(tmp_path: Path) -> None:
    assert names(written(tmp_path, lzma.compress(STOP, preset=9))) == {"packed": ["stop"]}


@pytest.mark.parametrize("pack", [lzma.compress, bz2.compress, gzip.compress])
def test_zeros_behind_a_piece_are_passed_over(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    zeros = b"\0" * 4096
    data = pack(CONT) + zeros + pack(STOP) + zeros
    assert names(written(tmp_path, data)) == {"packed": ["cont", "stop"]}


def test_no_more_is_unpacked_than_fits_a_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "MAX_UNPACKED", 1000)
    with pytest.raises(ReplayError, match="it unpacks to more than 0 GiB"):
        list(read(written(tmp_path, gzip.compress(STOP * 100))))


def test_things_packed_in_each_other_have_an_end(tmp_path: Path) -> None:
    data = STOP
    for _ in range(6):
        data = gzip.compress(data)
    with pytest.raises(ReplayError, match="it is packed more than 4 times"):
        list(read(written(tmp_path, data)))


def test_an_archive_of_too_many_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "MOST_MEMBERS", 3)
    for data in (tar(FILES), zipped(FILES)):
        with pytest.raises(ReplayError, match="more than 3 files in it"):
            list(read(written(tmp_path, data)))


@pytest.mark.parametrize("data", [zstd(STOP * 50), zipped(FILES), lzma.compress(STOP)])
def test_what_breaks_off_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ReplayError, match="packed"):
        list(read(written(tmp_path, data[: len(data) * 2 // 3])))
