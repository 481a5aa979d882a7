"""An event as a person types it is the event that a log has."""

import pytest

from replay.errors import BadInput, ReplayError
from replay.events.json_form import parse_object, parse_payload
from replay.events.typed import FORMS, parse_typed


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            'qmp block-commit device=drive0 speed=8 live=true top={"a":1}',
            '{"kind":"command","channel":"qmp","name":"block-commit","arguments":'
            '{"device":"drive0","speed":8,"live":true,"top":{"a":1}}}',
        ),
        (
            "qmp query-block",
            '{"kind":"command","channel":"qmp","name":"query-block","arguments":{}}',
        ),
        (
            "  hmp  commit   drive0  ",
            '{"kind":"command","channel":"hmp","name":"commit","arguments":"drive0"}',
        ),
        (
            "cli drive id=d,file=/a b.qcow2",
            '{"kind":"command","channel":"cli","name":"drive","arguments":"id=d,file=/a b.qcow2"}',
        ),
        (
            "guest read d 0 8",
            '{"kind":"guest","name":"read","device":"d","sector":0,"sectors":8}',
        ),
        (
            "guest write d 0x10 8 0x61",
            '{"kind":"guest","name":"write","device":"d","sector":16,"sectors":8,"pattern":97}',
        ),
        ("await d end", '{"kind":"await","until":"end","device":"d"}'),
        ("await settled", '{"kind":"await","until":"settled"}'),
        (
            "internal close-open d 1",
            '{"kind":"internal","name":"close-open","device":"d","depth":1}',
        ),
        ('{"kind":"await","until":"settled"}', '{"kind":"await","until":"settled"}'),
    ],
)
def test_what_is_typed_is_what_the_line_says(text, line):
    assert parse_typed(text).payload == parse_payload(parse_object(line.encode()))


@pytest.mark.parametrize(
    "text", ["", "  ", "fly", "await", "guest read d", "qmp", "internal x d 0"]
)
def test_what_is_no_event_is_told_with_the_forms_there_are(text):
    with pytest.raises(BadInput) as caught:
        parse_typed(text)
    assert all(form in str(caught.value) for form in FORMS)


@pytest.mark.parametrize(
    "text",
    [
        "qmp x y",
        "qmp x =y",
        "guest read d a b",
        "guest read d -1 8",
        "guest write d 0 8 256",
        '{"kind":"x"}',
        "{",
        "await d end {",
        "qmp x a=" + "[" * 1000,
    ],
)
def test_what_cannot_be_is_refused(text):
    try:
        event = parse_typed(text)
    except ReplayError:
        return
    assert text.endswith("[" * 1000)
    assert event.payload.arguments["a"] == "[" * 1000
