"""The disk reads, writes and forgets as image files do."""

from dataclasses import dataclass, field
from errno import ENOENT

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.state.disk import Disk, Inode, final_files, header, listing
from replay.state.extents import Extent
from replay.state.ranges import union
from replay.state.working_disk import WorkDisk

KIB = 1024
CLUSTER = 64 * KIB
BLOCK = 4 * KIB
MIB = 1 << 20


def make(
    disk: WorkDisk, name: str, *, size: int = 1 << 20, format: str = "qcow2", over: str = ""
) -> int:
    """A new file with a backing file or none."""
    return disk.create(name, format, size, over, "")


def held(disk: WorkDisk, number: int) -> list[tuple[int, int]]:
    """The ranges that a file holds itself."""
    return disk.extents(number, [(0, 1 << 50)])


def chain_of_two() -> tuple[WorkDisk, int, int]:
    """A disk with an overlay on a base that is full of 17."""
    disk = WorkDisk(Disk())
    base = make(disk, "/images/base")
    disk.write([base], 0, 1 << 20, 17)
    return disk, make(disk, "/images/top", over="base"), base


def test_a_read_falls_through_to_the_first_layer_that_has_the_range() -> None:
    disk, top, base = chain_of_two()
    disk.write([top, base], CLUSTER, CLUSTER, 34)
    assert disk.read([top, base], 0, CLUSTER) == 17
    assert disk.read([top, base], CLUSTER, CLUSTER) == 34
    assert disk.read([top, base], 0, 2 * CLUSTER) == "mixed"
    assert disk.read([top], 0, CLUSTER) == 0


def test_a_partial_write_fills_its_cluster_from_the_chain() -> None:
    disk, top, base = chain_of_two()
    disk.write([top, base], 512, 512, 34)
    assert disk.read([top], 0, 512) == 17
    assert disk.read([top], 512, 512) == 34
    assert disk.read([top], 1024, CLUSTER - 1024) == 17
    assert disk.read([top], CLUSTER, 512) == 0
    assert held(disk, top) == [(0, CLUSTER)]


def test_beyond_the_end_of_a_lower_image_are_zeros() -> None:
    disk = WorkDisk(Disk())
    lowest = make(disk, "/images/lowest")
    middle = make(disk, "/images/middle", size=1024)
    top = make(disk, "/images/top")
    disk.write([lowest], 0, 4096, 9)
    assert disk.read([top, middle, lowest], 0, 1024) == 9
    assert disk.read([top, middle, lowest], 1024, 1024) == 0


def test_a_write_ends_at_the_size_of_the_image() -> None:
    disk = WorkDisk(Disk())
    raw = make(disk, "/images/raw", size=1024, format="raw")
    disk.write([raw], 0, 4096, 5)
    disk.resize(raw, 4096)
    assert disk.read([raw], 0, 1024) == 5
    assert disk.read([raw], 1024, 3072) == 0


def test_a_raw_image_hides_all_below_it() -> None:
    disk, _, base = chain_of_two()
    raw = make(disk, "/images/raw", format="raw")
    assert disk.read([raw, base], 0, 512) == 0
    assert held(disk, raw) == []


def test_a_raw_image_holds_the_blocks_that_were_written_zeros_too() -> None:
    disk = WorkDisk(Disk())
    raw = make(disk, "/images/raw", format="raw")
    disk.write([raw], 512, 512, 3)
    disk.write([raw], CLUSTER, CLUSTER, 0)
    assert held(disk, raw) == [(0, BLOCK), (CLUSTER, 2 * CLUSTER)]
    assert [disk.read([raw], at, 512) for at in (0, 512, 1024)] == [0, 3, 0]


def test_extents_are_those_of_the_given_ranges() -> None:
    disk, top, base = chain_of_two()
    assert disk.extents(base, [(100, 200), (MIB - 10, MIB + 10)]) == [(100, 200), (MIB - 10, MIB)]
    assert disk.extents(top, [(0, MIB)]) == []
    assert disk.extents(base, []) == []


def test_an_unlinked_file_and_a_new_one_of_its_name_are_both_readable() -> None:
    disk = WorkDisk(Disk())
    old = make(disk, "/images/a")
    disk.write([old], 0, CLUSTER, 1)
    assert disk.unlink("/images/a") == 0
    assert disk.open("/images/a") == -ENOENT
    new = make(disk, "/images/a")
    disk.write([new], 0, CLUSTER, 2)
    assert disk.open("a") == new != old
    assert (disk.read([old], 0, CLUSTER), disk.read([new], 0, CLUSTER)) == (1, 2)
    assert disk.unlink("/images/b") == -ENOENT


def test_a_real_path_is_that_of_a_file_that_is_there() -> None:
    disk = WorkDisk(Disk())
    make(disk, "/images/a")
    assert disk.realpath("../images/./a") == "/images/a"
    assert disk.realpath("b") == ""


def test_creating_a_file_again_truncates_what_is_open() -> None:
    disk = WorkDisk(Disk())
    file = make(disk, "/images/a")
    disk.write([file], 0, CLUSTER, 1)
    assert disk.create("a", "raw", 512, "", "") == file
    assert disk.read([file], 0, 512) == 0
    assert disk.inode(file).format == "raw"


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("/images/x", True),
        ("x", True),
        ("/images/nodir/x", False),
        ("nodir/x", False),
        ("/elsewhere/x", True),
        ("/images/../elsewhere/x", True),
        ("<tmp0>", True),
        ("", False),
    ],
)
def test_a_file_needs_a_directory(name: str, made: bool) -> None:
    disk = WorkDisk(Disk())
    make(disk, "/images/first")
    result = make(disk, name)
    assert result == (2 if made else -ENOENT)


def test_relative_names_stay_in_the_directory_of_the_first_image() -> None:
    disk = WorkDisk(Disk())
    make(disk, "/images/first")
    disk.unlink("first")
    make(disk, "/elsewhere/second")
    later = WorkDisk(disk.frozen())
    third = make(later, "third")
    assert later.open("/images/third") == third


def test_a_listing_tells_what_is_gone_and_hides_temporary_files() -> None:
    disk = WorkDisk(Disk())
    make(disk, "/images/a")
    make(disk, "/images/b", over="a")
    make(disk, disk.temporary())
    disk.unlink("/images/b")
    (a, _, is_gone), (b, inode, b_is_gone) = listing(disk.frozen())
    assert (a, is_gone, b, b_is_gone) == ("/images/a", False, "/images/b", True)
    assert header(inode) == {
        "format": "qcow2",
        "size": 1 << 20,
        "backing_file": "a",
        "backing_format": None,
    }
    make(disk, "/images/b")
    assert [is_gone for _, _, is_gone in listing(disk.frozen())] == [False, False]


def test_temporary_names_are_never_given_twice() -> None:
    disk = WorkDisk(Disk())
    assert disk.temporary() == "<tmp0>"
    assert WorkDisk(disk.frozen()).temporary() == "<tmp1>"


def test_a_copy_takes_the_given_ranges_and_fills_their_clusters_up() -> None:
    disk, top, base = chain_of_two()
    disk.write([top, base], CLUSTER, 512, 34)
    target = make(disk, "/images/target")
    disk.write([target], 0, CLUSTER, 5)
    disk.copy([top, base], [target], [(512, 1024), (CLUSTER, 2 * CLUSTER)])
    assert [disk.read([target], at, 512) for at in (0, 512, 1024)] == [5, 17, 5]
    assert disk.read([target], CLUSTER, 512) == 34
    assert disk.read([target], CLUSTER + 512, CLUSTER - 512) == 17
    assert held(disk, target) == [(0, 2 * CLUSTER)]


def test_a_copy_of_two_parts_of_a_cluster_has_both() -> None:
    disk, top, base = chain_of_two()
    disk.copy([base], [top], [(0, 512), (1024, 1536)])
    assert [disk.read([top], at, 512) for at in (0, 512, 1024, 1536)] == [17, 0, 17, 0]


def test_a_copy_into_its_own_source_changes_what_the_source_shows_nowhere() -> None:
    disk, top, base = chain_of_two()
    disk.write([top, base], 0, 512, 34)
    disk.copy([top, base], [top, base], [(0, MIB)])
    assert held(disk, top) == [(0, MIB)]
    assert (disk.read([top], 0, 512), disk.read([top], 512, MIB - 512)) == (34, 17)


def test_a_copy_of_nothing_changes_nothing() -> None:
    disk, top, base = chain_of_two()
    before = disk.frozen()
    disk.copy([base], [top], [])
    assert disk.frozen() is before


def test_a_full_copy_of_a_large_empty_image_is_one_extent() -> None:
    disk = WorkDisk(Disk())
    raw = make(disk, "/images/raw", size=1 << 50, format="raw")
    target = make(disk, "/images/target", size=1 << 50)
    disk.copy([raw], [target], [(0, 1 << 50)])
    assert disk.inode(target).extents == (Extent(0, 1 << 41, 0),)


def test_clear_deallocates_everything() -> None:
    disk, top, base = chain_of_two()
    disk.write([top, base], 0, CLUSTER, 34)
    disk.clear(top)
    assert held(disk, top) == []
    assert disk.read([top, base], 0, CLUSTER) == 17


def test_shrinking_loses_what_is_beyond() -> None:
    disk = WorkDisk(Disk())
    file = make(disk, "/images/a")
    disk.write([file], 0, 1 << 20, 7)
    disk.resize(file, 1024)
    disk.resize(file, 1 << 20)
    assert (disk.read([file], 0, 1024), disk.read([file], 1024, 4096)) == (7, 0)
    assert held(disk, file) == [(0, CLUSTER)]


@pytest.mark.parametrize("bad", [(-1, 512), (0, -1)])
def test_ranges_below_zero_are_errors(bad: tuple[int, int]) -> None:
    disk, top, _ = chain_of_two()
    with pytest.raises(ValueError, match="-1"):
        disk.read([top], *bad)
    with pytest.raises(ValueError, match="256"):
        disk.write([top], 0, 512, 256)
    with pytest.raises(KeyError):
        disk.read([-ENOENT], 0, 512)


def test_final_files_read_through_the_headers() -> None:
    disk, top, base = chain_of_two()
    disk.write([top, base], 512, 512, 34)
    disk.write([top, base], 3 * CLUSTER, CLUSTER, 5)
    assert final_files(disk.frozen())["/images/top"] == {
        "format": "qcow2",
        "size": 1 << 20,
        "backing_file": "base",
        "backing_format": None,
        "content_runs_KiB": [["mixed", 64], [17, 128], [5, 64], [17, 768]],
    }


def test_the_last_step_is_as_long_as_the_file_and_rounded_down() -> None:
    disk = WorkDisk(Disk())
    file = make(disk, "/images/floppy", size=CLUSTER + 1536, format="raw")
    disk.write([file], 0, CLUSTER, 17)
    told = final_files(disk.frozen())["/images/floppy"]
    assert told["content_runs_KiB"] == [[17, 64], [0, 1]]


def test_an_empty_file_has_no_runs() -> None:
    disk = WorkDisk(Disk())
    make(disk, "/images/empty", size=0)
    told = final_files(disk.frozen())["/images/empty"]
    assert told["content_runs_KiB"] == []


def test_final_files_find_a_backing_file_that_options_tell() -> None:
    disk, top, _ = chain_of_two()
    file = '{"driver": "file", "filename": "base"}'
    for name in (f'json:{{"driver": "qcow2", "file": {file}}}', f"json:{file}"):
        disk.set_backing(top, name, "qcow2")
        assert final_files(disk.frozen())["/images/top"]["content_runs_KiB"] == [[17, 1024]]
    for name in ("json:base", "json:{", "json:[]", 'json:{"file": "base"}'):
        disk.set_backing(top, name, "qcow2")
        assert "does not exist" in final_files(disk.frozen())["/images/top"]["content_runs_KiB"]


def test_a_format_that_is_none_says_nothing_of_a_backing_file() -> None:
    disk, top, _ = chain_of_two()
    disk.set_backing(top, "base", "qcow9")
    assert final_files(disk.frozen())["/images/top"]["content_runs_KiB"] == [[17, 1024]]
    disk.set_backing(top, "base", "qed")
    assert "says that it is qed" in final_files(disk.frozen())["/images/top"]["content_runs_KiB"]


def test_final_files_say_why_a_file_cannot_be_read() -> None:
    disk = WorkDisk(Disk())
    make(disk, "/images/orphan", over="nothing")
    one = make(disk, "/images/one", over="two")
    make(disk, "/images/two", over="/images/one")
    disk.create("/images/raw", "raw", 512, "", "")
    disk.create("/images/wrong", "qcow2", 512, "raw", "qcow2")
    told = {
        name: content["content_runs_KiB"] for name, content in final_files(disk.frozen()).items()
    }
    assert told["/images/orphan"] == (
        "/images/nothing, the backing file of /images/orphan, does not exist"
    )
    assert told["/images/one"] == "the backing chain comes back to /images/one"
    assert told["/images/wrong"] == "/images/raw is raw, but /images/wrong says that it is qcow2"
    disk.set_backing(one, "", "")
    assert final_files(disk.frozen())["/images/two"]["content_runs_KiB"] == [[0, 1024]]


def test_a_bare_file_is_raw_and_qed_can_name_no_other_format() -> None:
    disk = WorkDisk(Disk())
    disk.create("/images/raw", "raw", 512, "", "")
    disk.create("/images/bare", "qcow2", 512, "raw", "file")
    disk.create("/images/qed", "qed", 512, "raw", "qcow2")
    disk.create("/images/other", "qcow2", 512, "qed", "qed")
    disk.create("/images/wrong", "qed", 512, "other", "raw")
    contents = final_files(disk.frozen())
    runs = {name: content["content_runs_KiB"] for name, content in contents.items()}
    text = "/images/other is qcow2, but /images/wrong says that it is raw"
    assert runs.pop("/images/wrong") == text
    assert all(isinstance(told, list) for told in runs.values())


def test_equal_disks_are_the_same_object() -> None:
    one, other = chain_of_two()[0].frozen(), chain_of_two()[0].frozen()
    assert one is other
    assert Inode(1, "raw", 512) is Inode(1, "raw", 512)
    assert Inode(1, "raw", 512) is not Inode(2, "raw", 512)


# A naive disk: a bytearray of sectors an image, and a set of allocated clusters.

SECTORS = 400
PER_CLUSTER = 128
PER_BLOCK = 8


@dataclass
class NaiveImage:
    """An image as bytes, one a sector."""

    sectors: int
    raw: bool
    data: bytearray = field(default_factory=lambda: bytearray(4 * PER_CLUSTER))
    allocated: set[int] = field(default_factory=set)

    @property
    def unit(self) -> int:
        """So many sectors are allocated together."""
        return PER_BLOCK if self.raw else PER_CLUSTER


def naive_read(chain: list[NaiveImage], sector: int) -> int:
    for image in chain:
        if sector >= image.sectors:
            return 0
        if image.raw or sector // image.unit in image.allocated:
            return image.data[sector]
    return 0


def naive_write(chain: list[NaiveImage], start: int, end: int, values: list[int]) -> None:
    top = chain[0]
    end = min(end, top.sectors)
    for unit in sorted({sector // top.unit for sector in range(start, end)}):
        whole = range(unit * top.unit, (unit + 1) * top.unit)
        filled = [naive_read(chain, sector) for sector in whole]
        top.data[whole.start : whole.stop] = bytes(filled)
        top.allocated.add(unit)
    top.data[start:end] = bytes(values[: max(0, end - start)])


def naive_copy(source: list[NaiveImage], target: list[NaiveImage], sectors: set[int]) -> None:
    shown = [naive_read(source, sector) for sector in range(2 * SECTORS)]
    for sector in sorted(sectors):
        naive_write(target, sector, sector + 1, [shown[sector]])


places = st.integers(0, SECTORS)
layers = st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True)
writes = st.tuples(st.just("write"), layers, places, st.integers(0, 200), st.integers(0, 2))
parts = st.lists(st.tuples(places, st.integers(1, 150)), max_size=3)
copies = st.tuples(st.just("copy"), layers, layers, parts)
clears = st.tuples(st.just("clear"), st.integers(0, 2))
images = st.tuples(st.integers(1, SECTORS), st.booleans())


@given(
    st.tuples(images, images, images),
    st.lists(st.one_of(writes, copies, clears), max_size=8),
)
def test_the_disk_does_what_plain_arrays_of_sectors_do(
    made: tuple[tuple[int, bool], ...], operations: list[tuple[object, ...]]
) -> None:
    disk = WorkDisk(Disk())
    naive = [NaiveImage(*image) for image in made]
    for index, (sectors, raw) in enumerate(made):
        make(disk, f"/i/{index}", size=sectors * 512, format="raw" if raw else "qcow2")
    for operation in operations:
        apply_both(disk, naive, operation)
    for chain in ([0, 1, 2], [2, 1, 0], [0], [1], [2]):
        numbers = [index + 1 for index in chain]
        for sector in range(0, SECTORS + 10, 3):
            wanted = naive_read([naive[index] for index in chain], sector)
            assert disk.read(numbers, sector * 512, 512) == wanted
    for index, image in enumerate(naive):
        inode = disk.inode(index + 1)
        units = ((unit * image.unit, (unit + 1) * image.unit) for unit in image.allocated)
        assert held(disk, index + 1) == [(a * 512, b * 512) for a, b in union(units)]
        pairs = zip(inode.extents, inode.extents[1:], strict=False)
        assert all(a.end < b.start or a.pattern != b.pattern for a, b in pairs)


def apply_both(disk: WorkDisk, naive: list[NaiveImage], operation: tuple[object, ...]) -> None:
    match operation:
        case ("write", list(chain), int(start), int(length), int(pattern)):
            disk.write([i + 1 for i in chain], start * 512, length * 512, pattern)
            naive_write([naive[i] for i in chain], start, start + length, [pattern] * length)
        case ("copy", list(source), list(target), list(parts)):
            ranges = union((start, start + length) for start, length in parts)
            numbers = [[i + 1 for i in chain] for chain in (source, target)]
            disk.copy(*numbers, [(start * 512, end * 512) for start, end in ranges])
            sectors = {sector for part in ranges for sector in range(*part)}
            naive_copy([naive[i] for i in source], [naive[i] for i in target], sectors)
        case ("clear", int(index)):
            disk.clear(index + 1)
            naive[index].allocated.clear()
            naive[index].data[:] = bytes(len(naive[index].data))
