"""Values, events and outcomes in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.events.event import Await, Command, Guest, Image, Internal, Notice, Run
from replay.reports import words


@given(st.text())
def test_escaped_text_is_printable(text):
    assert words.escape(text).isprintable()


def test_printable_text_is_left_alone():
    assert words.escape("Zürich <tmp0> \\") == "Zürich <tmp0> \\"


def test_control_characters_are_escaped():
    assert words.escape("\x1b[31m\n\x07") == "\\x1b[31m\\n\\x07"


def test_what_turns_the_direction_of_text_is_escaped():
    assert words.escape("a\u202eb\ud800") == "a\\u202eb\\ud800"


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0"), (1, "1 byte"), (512, "512 bytes"), (65536, "64 KiB"), (3 << 30, "3 GiB")],
)
def test_a_size_has_the_largest_unit_that_divides_it(count, told):
    assert words.size(count) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "none"),
        (True, "true"),
        (7, "7"),
        ("", '""'),
        ("a b", '"a b"'),
        ("a\x1b", "a\\x1b"),
        ([1, {"k\n": None}], "[1, {k\\n: none}]"),
    ],
)
def test_values_are_told_without_doubt(value, told):
    assert words.value(value) == told


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (("returned", {}, None), "returned"),
        (("returned", {"pattern": 0}, None), "reads zeros"),
        (("returned", {"pattern": 97}, None), "reads 0x61"),
        (("returned", {"pattern": "mixed"}, None), "reads mixed"),
        (("returned", {"wagons": 2}, None), "returned {wagons: 2}"),
        (("refused", None, {"class": "E", "desc": "no \x1b"}), "refused: E, no \\x1b"),
        (("refused", None, {"errno": "EIO"}), "refused: EIO"),
        (("refused", None, {"text": "no"}), "refused: no"),
        (("crashed", None, {"class": "Assertion", "desc": "x"}), "crashed: Assertion, x"),
    ],
)
def test_outcomes_are_told_with_their_wording(outcome, told):
    assert words.outcome(*outcome) == told


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (
            Image("/a", "qcow2", 1 << 20, "/b", "raw", (Run(9, 65536, 512),)),
            "image /a: qcow2, 1 MiB, on /b, data 0x09 at 64 KiB +512 bytes",
        ),
        (Command("cli", "drive", "id=d\x1b"), "cli drive id=d\\x1b"),
        (Command("hmp", "commit"), "hmp commit"),
        (Command("qmp", "eject", {"device": "d", "force": True}), "qmp eject device=d force=true"),
        (Notice("STOP"), "notice STOP"),
        (Await("ready", "d"), "await d ready"),
        (Await("settled"), "await all jobs settled"),
        (Guest("read", "d", 0, 8), "guest read d sector 0 +8"),
        (Guest("write", "d", 8, 8, 0), "guest write d sector 8 +8 of zeros"),
        (Internal("close-open", "d", 1), "internal close-open d depth 1"),
    ],
)
def test_an_event_is_told_in_a_line(payload, told):
    assert words.event(payload) == told


def test_of_many_extents_the_first_are_told():
    data = [{"pattern": n, "offset": n * 1024, "length": 512} for n in range(1, 7)]
    assert words.extents(data).endswith("0x04 at 4 KiB +512 bytes, 2 more")
    assert words.extents([]) == "nothing"


def test_a_part_of_a_path_that_follows_itself_is_there_once_with_its_number():
    assert words.path("d.backing_hd.backing_hd.file") == "d.backing_hd.backing_hd.file"
    assert words.path("d" + ".backing_hd" * 12 + ".file") == "d.backing_hd*12.file"
    assert words.path("d" + ".backing_hd" * 4) == "d.backing_hd*4"
    assert words.path("\x1b.a.a.a.a.b") == "\\x1b.a*4.b"


def test_the_middle_of_a_long_chain_is_a_number():
    links = [f"[{n}]" for n in range(100)]
    assert words.chain(links[:10]) == " <-- ".join(links[:10])
    assert words.chain(links, [links]) == "[0] <-- [1] <-- 95 more <-- [97] <-- [98] <-- [99]"


def test_what_only_one_chain_has_stays_in_it():
    links = [f"[{n}]" for n in range(100)]
    other = [link for link in links if link != "[50]"]
    assert "48 more <-- [50] <-- 46 more" in words.chain(links, [links, other])


def test_a_time_of_recording_is_told_in_utc_and_what_is_no_time_is_not_told():
    assert words.when(1400062830.25) == "2014-05-14 10:20:30 UTC"
    assert words.when(0.0) == "1970-01-01 00:00:00 UTC"
    for no_time in (None, 1e300, -1e300, float("nan"), float("inf")):
        assert words.when(no_time) == ""
