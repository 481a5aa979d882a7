"""Simpler forms are events, say less and come to an end; plain names mean the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.analysis.search.simplify import plain_names, renamed, simpler
from replay.events.event import Await, Command, Event, Guest, Image, Internal, Notice, Run, content
from tests.examples import NAMES, example, traced

PAYLOADS = [
    Image("/a", "qcow2", 4 << 20, "/b", "qcow2", (Run(17, 0, 1 << 20), Run(18, 1 << 20, 65536))),
    Command("cli", "drive", "if=none,id=drive0,file=/a,snapshot=on"),
    Command("hmp", "drive_add", "0 if=none,id=x", {"return": "OK"}),
    Command("qmp", "transaction", {"actions": [{"type": "a", "data": {"x": 1}}, {"type": "b"}]}),
    Guest("write", "drive0", 4096, 2048, 97),
    Internal("close-open", "drive0", 2),
    Notice("BLOCK_JOB_READY", {"device": "drive0", "type": "mirror"}),
]


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: type(payload).__name__)
def test_simplifying_ends_with_a_form_that_cannot_be_simpler(payload):
    left, rounds = payload, 0
    while forms := [*simpler(left)]:
        assert all(form != left for form in forms)
        left, rounds = forms[-1], rounds + 1
        assert rounds < 100
    assert type(left) is type(payload)


def test_an_await_has_no_simpler_form():
    assert [*simpler(Await("end", "drive0"))] == []


def test_an_image_never_gets_smaller_than_its_data():
    for form in simpler(PAYLOADS[0]):
        assert all(run.offset + run.length <= form.size for run in form.data)


def test_double_commas_of_an_option_are_left_alone():
    assert [*simpler(Command("cli", "drive", "file=a,,b,id=x"))] == []


@settings(deadline=None)
@given(st.permutations(["/images/a.qcow2", "/images/b.qcow2", "/images/c.qcow2"]))
def test_new_names_may_be_others_old_ones(names):
    images = [Event(Image(name, "qcow2", 65536)) for name in names]
    mapping = dict(zip(names, sorted(names), strict=True))
    assert [event.payload.name for event in renamed(images, mapping)] == sorted(names)


def test_a_name_is_renamed_only_where_it_stands_alone():
    events = [Event(Command("cli", "drive", "id=vda,file=/x/vda.img,serial=vda.img-vda2"))]
    (event,) = renamed(events, {"/x/vda.img": "/images/a.img", "vda": "drive0"})
    assert event.payload.arguments == "id=drive0,file=/images/a.img,serial=vda.img-vda2"


def test_a_relative_name_is_renamed_like_the_file():
    events = [Event(Image("/x/b.img", "qcow2", 65536, "a.img"))]
    (event,) = renamed(events, {"/x/a.img": "/images/a.qcow2", "/x/b.img": "/images/b.qcow2"})
    assert event.payload.backing_file == "a.qcow2"


def test_the_name_of_a_command_is_no_name_of_a_file():
    events = [Event(Command("hmp", "commit", "commit"))]
    (event,) = renamed(events, {"commit": "drive0"})
    assert (event.payload.name, event.payload.arguments) == ("commit", "drive0")


@pytest.mark.parametrize("name", NAMES)
def test_plain_names_change_nothing_but_names(qemu, name):
    (trace,) = traced(qemu, example(name), "after")
    log = example(name)
    names = plain_names([trace])
    events = renamed(log.events, names)
    back = renamed(events, {new: old for old, new in names.items()})
    assert [content(event.payload) for event in back] == [content(e.payload) for e in log.events]
