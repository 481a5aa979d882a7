"""Images that a recording needs: how large they are, and which come into use later."""

import json
from pathlib import Path
from typing import Any

from replay.events.event import Image
from replay.formats import read as ingest
from replay.formats.read import ImportOptions, Recording

MIB, GIB = 1 << 20, 1 << 30
OK: dict[str, Any] = {"return": {}}
DRIVE = "id=d0,file=/d/top.qcow2,backing=base.qcow2"


def recording(tmp_path: Path, *messages: dict[str, Any], drive: str = DRIVE) -> Recording:
    """The recording of a transcript; a command is answered by the message that follows it."""
    path = tmp_path / "log"
    path.write_text("".join(f"{json.dumps(message)}\n" for message in messages))
    (found,) = ingest.read(path, options=ImportOptions("qmp", drives=(drive,) if drive else ()))
    return found


def images(tmp_path: Path, *messages: dict[str, Any], drive: str = DRIVE) -> dict[str, Any]:
    """The images with their sizes, formats and what is below them."""
    events = recording(tmp_path, *messages, drive=drive).events
    found = [event.payload for event in events if isinstance(event.payload, Image)]
    return {image.name: (image.format, image.size, image.backing_file) for image in found}


def qmp(name: str, **arguments: Any) -> dict[str, Any]:
    return {"execute": name, "arguments": arguments}


def sizes(tmp_path: Path, *messages: dict[str, Any], drive: str = DRIVE) -> list[int]:
    return [size for _, size, _ in images(tmp_path, *messages, drive=drive).values()]


def test_a_size_that_nothing_tells_is_a_gibibyte_and_counted(tmp_path: Path) -> None:
    assert sizes(tmp_path, qmp("stop"), OK) == [GIB, GIB]
    told = recording(tmp_path, qmp("stop"), OK).left_out
    assert told == {
        "sizes of images that nothing tells, taken from their neighbours or as 1 GiB": 2
    }


def test_a_size_of_0_is_a_size(tmp_path: Path) -> None:
    assert sizes(tmp_path, qmp("stop"), OK, drive="file=/d/a.raw,size=0") == [0]


def test_an_image_is_as_large_as_its_neighbour(tmp_path: Path) -> None:
    assert sizes(tmp_path, qmp("stop"), OK, drive=f"{DRIVE},size=3M") == [3 * MIB, 3 * MIB]


def test_a_new_size_tells_the_old_one(tmp_path: Path) -> None:
    by_drive = qmp("block_resize", device="d0", size=5 * MIB)
    by_node = qmp("block_resize", size=7 * MIB, **{"node-name": "n"})
    assert sizes(tmp_path, by_drive, OK) == [5 * MIB] * 2
    assert sizes(tmp_path, by_node, OK, drive=f"{DRIVE},node-name=n") == [7 * MIB] * 2
    assert sizes(tmp_path, qmp("block_resize", device="d0", size=-1), OK) == [GIB] * 2


def test_a_job_over_the_whole_drive_tells_its_size(tmp_path: Path) -> None:
    def ended(job: str, type: str) -> dict[str, Any]:
        data = {"device": job, "type": type, "len": 9 * MIB, "offset": 9 * MIB, "speed": 0}
        return {"event": "BLOCK_JOB_COMPLETED", "data": data}

    stream = qmp("block-stream", device="d0", **{"job-id": "j"})
    assert sizes(tmp_path, stream, OK, ended("j", "stream")) == [9 * MIB] * 2
    assert (
        sizes(tmp_path, qmp("block-stream", device="d0"), OK, ended("d0", "stream"))[0] == 9 * MIB
    )
    assert sizes(tmp_path, stream, OK, ended("j", "commit")) == [GIB] * 2


def test_files_that_are_there_when_they_are_used_are_images(tmp_path: Path) -> None:
    file = {"driver": "file", "filename": "/d/plugged.qcow2", "node-name": "s"}
    found = images(
        tmp_path,
        *(qmp("blockdev-add", **file), OK),
        *(qmp("blockdev-add", driver="qcow2", file="s", **{"node-name": "f"}), OK),
        *(qmp("blockdev-change-medium", id="cd", filename="/d/cd.iso", format="raw"), OK),
        *(qmp("change", device="d0", target="/d/nosuch.iso"), {"error": {"class": "x"}}),
        *(qmp("change", device="vnc", target="password"), OK),
        *(qmp("drive-mirror", device="d0", target="/d/m.raw", format="raw", mode="existing"), OK),
        *(qmp("drive-mirror", device="d0", target="/d/made.raw", format="raw"), OK),
        drive="",
    )
    assert found == {
        "/d/plugged.qcow2": ("qcow2", GIB, None),
        "/d/cd.iso": ("raw", GIB, None),
        "/d/m.raw": ("raw", GIB, None),
    }


def test_files_that_the_recording_makes_are_no_images(tmp_path: Path) -> None:
    action = {"type": "blockdev-snapshot-sync", "data": {"device": "d0", "snapshot-file": "/d/a"}}
    found = images(
        tmp_path,
        *(qmp("blockdev-add", driver="file", filename="/d/b", **{"node-name": "s"}), OK),
        *(qmp("blockdev-create", **{"job-id": "c"}, options={"driver": "qcow2", "file": "s"}), OK),
        *(qmp("blockdev-add", driver="qcow2", file="s", **{"node-name": "f"}), OK),
        *(qmp("transaction", actions=[action]), OK),
        *(qmp("change", device="d0", target="/d/a"), OK),
        drive="",
    )
    assert found == {}


def test_odd_actions_name_no_files(tmp_path: Path) -> None:
    odd: list[Any] = [{"type": ["change"], "data": {"target": "/d/a"}}, {"type": "change"}, 7]
    assert images(tmp_path, qmp("transaction", actions=odd), OK, drive="") == {}


def test_an_overlay_that_is_there_already_is_an_image(tmp_path: Path) -> None:
    data = {"device": "d0", "snapshot-file": "/d/a.qcow2", "mode": "existing"}
    action = {"type": "blockdev-snapshot-sync", "data": data}
    picture = {"filename": "/d/a.qcow2", "format": "qcow2", "virtual-size": 2 * MIB}
    seen = {"return": [{"image": {**picture, "backing-filename": "top.qcow2"}}]}
    found = images(tmp_path, qmp("transaction", actions=[action]), OK, qmp("query-x"), seen)
    assert found["/d/a.qcow2"] == ("qcow2", 2 * MIB, "top.qcow2")


def test_nodes_without_a_drive_are_options_of_the_start(tmp_path: Path) -> None:
    picture = {"filename": "/d/a.qcow2", "format": "qcow2", "virtual-size": MIB}
    cache = {"writeback": True, "direct": True, "no-flush": False}
    nodes = [
        {"node-name": "f", "drv": "qcow2", "file": "/d/a.qcow2", "image": picture, "cache": cache},
        {"node-name": "s", "drv": "file", "file": "/d/a.qcow2", "image": picture},
    ]
    messages = (qmp("query-named-block-nodes"), {"return": nodes}, qmp("stop"), OK)
    found = recording(tmp_path, *messages, drive="")
    image, option, _ = (event.payload for event in found.events)
    assert image == Image("/d/a.qcow2", "qcow2", MIB)
    assert json.loads(option.arguments) == {  # type: ignore[union-attr, arg-type]
        "driver": "qcow2",
        "node-name": "f",
        "read-only": False,
        "file": {"driver": "file", "filename": "/d/a.qcow2"},
        "cache": {"direct": True, "no-flush": False},
    }
    assert found.remarks == ()


def test_a_recording_that_does_not_tell_its_drives_says_how_to(tmp_path: Path) -> None:
    (remark,) = recording(tmp_path, qmp("eject", device="d0"), OK, drive="").remarks
    assert "--drive id=" in remark
    assert recording(tmp_path, qmp("stop"), OK).remarks == ()
