"""Events as values, their digests and their JSON form."""

import string
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.errors import ReplayError
from replay.events.event import (
    Await,
    Command,
    Event,
    Guest,
    Image,
    Internal,
    LogHeader,
    Notice,
    Origin,
    Run,
    chain,
    content,
    fingerprint,
    stimulus,
)
from replay.events.json_form import event_line, header_line, parse_entry, parse_header, parse_object

ORIGIN = Origin("some.jsonl", 7)

texts = st.text(max_size=20)
names = st.text(min_size=1, max_size=20)
integers = st.integers(-(2**63), 2**64 - 1)
numbers = st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | integers | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(texts, values, max_size=3)
patterns = st.integers(0, 255)
sectors = st.integers(1, 2**20)
replies = st.none() | st.builds(
    lambda key, value: {key: value}, st.sampled_from(["return", "error"]), values
)
runs = st.builds(
    lambda pattern, offset, length: Run(pattern, offset * 512, length * 512),
    patterns,
    sectors,
    sectors,
)
payloads = st.one_of(
    st.builds(Image, names, names, st.integers(2**40, 2**63 - 1), st.none() | names,
              st.none() | names, st.lists(runs, max_size=3).map(tuple)),
    st.builds(Command, st.just("qmp"), names, objects, replies),
    st.builds(Command, st.sampled_from(["cli", "hmp"]), names, texts, replies),
    st.builds(Notice, names, objects),
    st.builds(Await, st.sampled_from(["ready", "end"]), names),
    st.just(Await("settled")),
    st.builds(Guest, st.just("write"), names, st.integers(0, 2**53), sectors, patterns),
    st.builds(Guest, st.just("read"), names, st.integers(0, 2**53), sectors),
    st.builds(Internal, names, names, st.integers(0, 9)),
)  # fmt: skip
events = st.builds(Event, payloads, st.just(ORIGIN), st.none() | numbers)
headers = st.builds(
    LogHeader,
    st.text(string.ascii_letters + "@.-_ü ", min_size=1, max_size=20),
    texts,
    st.dictionaries(
        names.filter(lambda key: key not in ("replay_log", "name", "description")),
        values,
        max_size=3,
    ),
)


@given(events)
def test_an_event_survives_its_line(event: Event) -> None:
    line = event_line(event)
    assert line.count(b"\n") == 1
    read = parse_entry(line, ORIGIN)
    assert read == event
    assert content(read.payload) == content(event.payload)
    assert event_line(read) == line


@given(headers)
def test_a_header_survives_its_line_with_keys_nobody_knows(header: LogHeader) -> None:
    assert parse_header(parse_object(header_line(header))) == (header, 1)


@given(st.lists(events, max_size=5))
def test_the_fingerprint_is_chained_over_the_content(log: list[Event]) -> None:
    before = fingerprint(log)
    after = fingerprint([*log, Event(Await("settled"))])
    assert after == chain(before, Await("settled"))
    assert after != before
    moved = [Event(event.payload, Origin("elsewhere", 1), 0.5) for event in log]
    assert fingerprint(moved) == before


def test_the_fingerprint_of_a_known_log_stays_what_it_is() -> None:
    log = Path(__file__).parents[1] / "data/native/40a_reopen_after_snap.jsonl"
    lines = log.read_bytes().splitlines()[1:]
    assert fingerprint(parse_entry(line, None) for line in lines) == KNOWN


KNOWN = "a58e2f8b1c4e0e8e17324dd44bd2d96c10e82d3cfad4b81a4fc6c095169df6c9"


def test_the_order_of_keys_makes_no_other_event() -> None:
    one = parse_entry(
        b'{"kind":"command","channel":"qmp","name":"x","arguments":{"a":1,"b":2}}', None
    )
    two = parse_entry(
        b'{"name":"x","arguments":{"b":2,"a":1},"channel":"qmp","kind":"command"}', None
    )
    assert content(one.payload) == content(two.payload)
    assert event_line(one) == event_line(two)


@pytest.mark.parametrize(("channel", "nothing"), [("qmp", b"{}"), ("hmp", b'""'), ("cli", b'""')])
def test_no_arguments_are_empty_arguments(channel: str, nothing: bytes) -> None:
    start = b'{"kind":"command","name":"x","channel":"%b"' % channel.encode()
    without = parse_entry(start + b"}", None)
    assert without == parse_entry(start + b',"arguments":%b}' % nothing, None)


def test_the_stimulus_is_the_content_without_the_reply() -> None:
    asked = Command("qmp", "eject", {"device": "drive0"})
    answered = msgspec.structs.replace(asked, reply={"return": {}})
    assert content(asked) != content(answered)
    assert stimulus(asked) == stimulus(answered) == content(asked)


IMAGE = b'{"kind":"image","name":"a","format":"raw","size":4096'
COMMAND = b'{"kind":"command","channel":"qmp","name":"x"'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "not a JSON object"),
        (b"[1]", "Expected `object`"),
        (b'{"kind":"image"', "truncated"),
        (b"\x00\x01\x02", "not a JSON object"),
        (b'{"kind":"\xff\xfe"}', "not UTF-8"),
        (b'{"name":"x"}', "missing required field `kind`"),
        (b'{"kind":"imag"}', "unknown kind 'imag', known are image, command"),
        (b'{"kind":["image"]}', "unknown kind"),
        (b'{"kind":"image","name":"a","format":"raw","size":-1}', ">= 0"),
        (b'{"kind":"image","name":"a","format":"raw","size":9223372036854775808}', "<="),
        (b'{"kind":"image","name":"a","format":"raw","size":true}', "Expected `int`, got `bool`"),
        (b'{"kind":"image","name":"","format":"raw","size":1}', "length >= 1"),
        (IMAGE + b',"sice":1}', "unknown field `sice`"),
        (IMAGE + b',"data":[{"pattern":256,"offset":0,"length":512}]}', "<= 255"),
        (IMAGE + b',"data":[{"pattern":1,"offset":0,"length":511}]}', "multiples of 512"),
        (IMAGE + b',"data":[{"pattern":1,"offset":3584,"length":1024}]}', "beyond the size, 4096"),
        (COMMAND + b',"arguments":"text"}', "must be an object"),
        (COMMAND.replace(b"qmp", b"hmp") + b',"arguments":{}}', "must be a text"),
        (COMMAND.replace(b"qmp", b"gdb") + b"}", "Invalid enum value 'gdb'"),
        (COMMAND + b',"reply":{}}', "return or error"),
        (COMMAND + b',"reply":{"return":1,"error":2}}', "return or error"),
        (COMMAND + b',"arguments":{"a":18446744073709551616}}', "more than 64 bits"),
        (COMMAND + b',"arguments":{"a":' + b"[" * 80 + b"]" * 80 + b"}}", "nested deeper"),
        (COMMAND + b',"arguments":{"a":' + b"[" * 99999 + b"]" * 99999 + b"}}", "recursion"),
        (COMMAND + b',"time":"noon"}', "not a time"),
        (COMMAND + b',"time":1e999}', "out of range"),
        (b'{"kind":"await","until":"ready"}', "need a device"),
        (b'{"kind":"await","until":"settled","device":"d"}', "settled has none"),
        (b'{"kind":"guest","name":"write","device":"d","sector":0,"sectors":1}', "needs a pattern"),
        (b'{"kind":"guest","name":"read","device":"d","sector":0,"sectors":0}', ">= 1"),
        (b'{"kind":"guest","name":"trim","device":"d","sector":0,"sectors":1}', "trim"),
        (b'{"kind":"internal","name":"close-open","device":"d","depth":-1}', ">= 0"),
    ],
)
def test_a_wrong_line_is_refused_with_place_and_reason(line: bytes, reason: str) -> None:
    with pytest.raises(ReplayError) as refusal:
        parse_entry(line, ORIGIN)
    assert str(refusal.value).startswith("some.jsonl:7: ")
    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"name":"x"}', "no version"),
        (b'{"replay_log":true,"name":"x"}', "no version"),
        (b'{"replay_log":0,"name":"x"}', "no version"),
        (b'{"replay_log":2,"name":"x"}', "newer"),
        (b'{"replay_log":1}', "required field `name`"),
        (b'{"replay_log":1,"name":""}', "printable"),
        (b'{"replay_log":1,"name":"a\\nb"}', "printable"),
        (b'{"replay_log":1,"name":"x","description":7}', "Expected `str`"),
    ],
)
def test_a_wrong_header_is_refused_with_the_reason(line: bytes, reason: str) -> None:
    with pytest.raises(ReplayError, match=reason):
        parse_header(parse_object(line))


def test_a_command_that_nobody_knows_is_kept() -> None:
    event = parse_entry(b'{"kind":"command","channel":"qmp","name":"frobnicate"}', None)
    assert event.payload == Command("qmp", "frobnicate", {})
