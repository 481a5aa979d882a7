"""The text of a diff and of a run, whole."""

from pathlib import Path
from textwrap import dedent

import pytest

from replay.engine.diff import diff
from replay.engine.replay import replay
from replay.engine.trace import Outcome
from replay.events.event import Command, Guest, Log
from replay.formats.read import read
from replay.reports.documents.diff import diff_report
from replay.reports.documents.headline import headline_report
from replay.reports.documents.run import run_report
from replay.reports.text import diff as text
from replay.reports.text import run as runtext
from replay.reports.text.headlines import headlines
from replay.reports.text.page import WIDTH
from replay.state.objects import Ref
from replay.variants.variant import load_subject, resolve
from tests.handmade import disk, machine, node, trace

TOY = Path(__file__).parents[1] / "toy"
YARD = """\
{"replay_log": 1, "name": "yard"}
{"kind": "command", "channel": "cli", "name": "train", "arguments": "7,lit"}
{"kind": "command", "channel": "cli", "name": "ledger", "arguments": "/yard/ledger"}
{"kind": "command", "channel": "qmp", "name": "couple", "arguments": {"train": "7", "load": 3}}
{"kind": "command", "channel": "qmp", "name": "couple", "arguments": {"train": "7", "load": 4}}
{"kind": "guest", "name": "write", "device": "7", "sector": 0, "sectors": 128, "pattern": 9}
{"kind": "command", "channel": "qmp", "name": "uncouple", "arguments": {"train": "7"}}
{"kind": "internal", "name": "inspect", "device": "7", "depth": 1}
{"kind": "guest", "name": "read", "device": "7", "sector": 0, "sectors": 8}
{"kind": "command", "channel": "hmp", "name": "ring", "arguments": "7"}
{"kind": "command", "channel": "qmp", "name": "couple", "arguments": {"train": "7", "load": -1}}
{"kind": "guest", "name": "read", "device": "7", "sector": 0, "sectors": 8}
"""


DIFF = """\
Only state differs, from #3: BRAKE in marks is set on no node in before and
with; cleared on 7 and set on 7.behind in after.

7 after #3
  [behind] <-- [7]

Nodes
  other[0]
    #6-#9 existence: present in before; absent in with and after

marks after #3: + set, - cleared, = set in all
                   before         with           after
  7                = LIGHT
  7.behind  #3-#9  -BRAKE         -BRAKE         +BRAKE
                   = LIGHT

marks after #4: + set, - cleared, = set in all
                          before         with           after
  7.behind.behind  #4-#5  -BRAKE         -BRAKE         +BRAKE
                          = LIGHT

3 divergences: 1 node, 2 field
"""


@pytest.fixture(scope="module")
def toy():
    return load_subject(TOY)


@pytest.fixture
def yard(tmp_path) -> Log:
    (tmp_path / "yard.jsonl").write_text(YARD)
    recording = next(read(tmp_path / "yard.jsonl"))
    events = tuple(recording.events)
    return Log("yard", recording.header, events, "5" * 64)


def body(told: str) -> str:
    """A text without its header, whose digests follow the toy's source."""
    return told.partition("\n\n")[2]


def test_a_diff_is_told(toy, yard):
    variants = [resolve(toy, name, {}) for name in ("before", "with", "after")]
    told = str(text.diff(diff_report(diff(*(replay(yard, variant) for variant in variants)))))
    assert told.startswith("log      yard  555555555555  11 events\nvariant  before  aaaa1111^  ")
    assert body(told) == DIFF


def test_a_run_is_told(toy, yard):
    told = str(runtext.run(run_report(replay(yard, resolve(toy, "after", {})))))
    assert body(told) == dedent("""\
        #1 cli train 7,lit
            returned
            7: [7]
            + 7 number=7 marks=LIGHT

        #2 cli ledger /yard/ledger
            returned
            + file /yard/ledger: cooked, 1 MiB

        #3 qmp couple load=3 train=7
            returned {wagons: 2}
            7: [behind] <-- [7]
            + 7.behind load=3 marks=BRAKE|LIGHT brake=1

        #4 qmp couple load=4 train=7
            returned {wagons: 3}
            7: [behind] <-- [behind] <-- [7]
            + 7.behind.behind load=4 marks=BRAKE|LIGHT brake=1

        #5 guest write 7 sector 0 +128 of 0x09
            returned
            file /yard/ledger: data nothing -> 0x09 at 0 +64 KiB

        #6 qmp uncouple train=7
            returned
            7: [behind] <-- [7]
            - 7.behind.behind

        #7 internal inspect 7 depth 1
            returned
            + 7.inspector wagon=7 found=[[0, 1]]
            7.inspected: false -> true

        #8 guest read 7 sector 0 +8
            reads 0x09

        #9 hmp ring 7
            returned
            + 7.behind.behind is 7 again

        #10 qmp couple load=-1 train=7
            crashed: Assertion, wagon.load >= 0 (shunting.py:42)
            - 7
            - 7.behind
            - 7.behind.behind
            - 7.inspector
            machine.running: true -> false

        #11 guest read 7 sector 0 +8
            refused: NotRunning, no machine runs
        """)


DONE = Outcome("returned", {})
DO = Command("qmp", "do\x1b", {})


def told_of(a, b) -> str:
    return body(str(text.diff(diff_report(diff(trace("a", a), trace("b", b))))))


def test_outcomes_files_nodes_and_fields_have_sections_in_this_order():
    a = machine(node(2, "d", x=1, file=Ref(3)), node(3), roots=(2,), disk=disk("/f"))
    b = machine(node(2, "d", x=2), roots=(2,), disk=disk("/g"))
    no = Outcome("refused", error={"class": "GenericError", "desc": "it would not"})
    assert told_of((DO, DONE, a), (DO, no, b)) == dedent("""\
        #1: qmp do\\x1b returns in a; is refused: GenericError in b.

        Outcomes
            #1 qmp do\\x1b: returned in a; refused: GenericError, it would not in b

        Files
          /f
            #1 existence: exists in a; absent in b
          /g
            #1 existence: absent in a; exists in b

        Nodes
          d.file
            #1 existence: present in a; absent in b

        Fields
          d
            #1 x: 1 in a; 2 in b

        5 divergences: 1 outcome, 2 file, 1 node, 1 field
        """)


def test_what_does_not_fit_on_a_line_has_a_line_a_value():
    long = [f"{word}/" * 11 for word in ("some", "other")]
    a, b = (machine(node(2, "d", filename=name), roots=(2,)) for name in long)
    assert told_of((DO, DONE, a), (DO, DONE, b)).endswith(
        dedent(f"""\
          d
            #1 filename
              a: {long[0]}
              b: {long[1]}

        1 divergence: 1 field
        """)
    )


def test_nothing_of_a_log_reaches_the_terminal_raw():
    wild = "\x1b]0;\x07\n"
    event = Guest("read", wild, 0, 1)
    a = machine(node(2, wild, x=wild), roots=(2,), disk=disk(wild))
    b = machine(node(2, wild, x=1), roots=(2,), disk=disk(gone=(wild,)))
    refused = Outcome("refused", error={"class": wild, "desc": wild})
    traces = trace("a", (event, refused, a)), trace("b", (event, DONE, b))
    told = f"{text.diff(diff_report(diff(*traces)))}{runtext.run(run_report(traces[0]))}"
    assert all(line.isprintable() for line in told.split("\n"))


def test_many_variants_share_the_width():
    names = [f"variant{n}" for n in range(12)]
    states = [machine(node(2, "d", open_flags=n % 3 * 8), roots=(2,)) for n in range(12)]
    traces = [trace(name, (DO, DONE, s)) for name, s in zip(names, states, strict=True)]
    told = str(text.diff(diff_report(diff(*traces))))
    assert max(map(len, told.splitlines())) <= WIDTH
    assert all(name in told.partition("open_flags after")[2] for name in names)


def test_headlines_of_several_logs_have_their_names():
    state = machine(roots=())
    told = headline_report(diff(trace("a", (DO, DONE, state)), trace("b", (DO, DONE, state))))
    assert str(headlines([told])) == f"{told.headline}\n"
    assert str(headlines([told, told])) == f"handmade: {told.headline}\n" * 2
