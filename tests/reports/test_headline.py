"""Which divergence is told first, and how."""

from replay.engine.diff import diff
from replay.engine.trace import Outcome
from replay.events.event import Command, Guest, Payload
from replay.reports.documents.headline import headline
from replay.state.extents import Extent
from replay.state.objects import Ref, State, stopped
from tests.handmade import FLAGS, SUBJECT, disk, machine, node, trace

DO = Command("qmp", "do", {})
READ = Guest("read", "d", 8, 8)
TEMPORARY, SNAPSHOT, RDWR = FLAGS.values()
DONE = Outcome("returned", {})
NO = Outcome("refused", error={"class": "GenericError", "desc": "no"})


def tell(payload: Payload = DO, outcomes: dict[str, Outcome] | None = None, **states: State) -> str:
    """The headline of one event with these outcomes and states after it, by variant."""
    told = outcomes or {}
    traces = [trace(name, (payload, told.get(name, DONE), state)) for name, state in states.items()]
    return str(headline(diff(*traces), SUBJECT.config.bits))


def chain(top: int, file: int, backing: int, backing_file: int) -> State:
    """A drive with these flags on its four nodes."""
    return machine(
        node(2, "d", open_flags=top, file=Ref(3), backing_hd=Ref(4)),
        node(3, open_flags=file),
        node(4, open_flags=backing, file=Ref(5)),
        node(5, open_flags=backing_file),
        roots=(2,),
    )


def plain(**fields) -> State:
    return machine(node(2, "d", **fields), roots=(2,))


def test_no_difference_is_said():
    assert tell(a=plain(), b=plain()) == "No difference: 1 event, the same in a and b."


def test_a_flag_is_told_node_by_node_where_it_has_gone_astray():
    told = tell(
        before=chain(SNAPSHOT, 0, 0, 0),
        now=chain(SNAPSHOT, TEMPORARY, TEMPORARY, 0),
        after=chain(TEMPORARY, TEMPORARY, SNAPSHOT, 0),
    )
    assert told == (
        "Only state differs, from #1: TEMPORARY in open_flags is set on no node in before; "
        "cleared on d, set on d.file, set on d.backing_hd and cleared on d.backing_hd.file in now; "
        "set on d and d.file only in after."
    )


def test_of_several_flags_the_first_of_interest_is_told():
    told = tell(a=chain(0, 0, SNAPSHOT, 0), b=chain(RDWR, 0, 0, 0))
    assert "SNAPSHOT" in told


def test_a_file_that_is_unlinked_goes_before_all_else():
    told = tell(
        READ,
        {"a": Outcome("returned", {"pattern": 0}), "b": NO},
        a=machine(roots=(), disk=disk("/a")),
        b=machine(roots=(), disk=disk(gone=("/a",))),
    )
    assert told == "#1: the file /a exists in a; is unlinked in b."


def test_what_the_guest_reads_goes_before_state():
    reads = {name: Outcome("returned", {"pattern": n}) for name, n in [("a", 0), ("b", 97)]}
    told = tell(READ, reads, a=plain(x=1), b=plain(x=2))
    assert told == "#1: at sector 8 of d the guest reads zeros in a; 0x61 in b."


def test_an_outcome_goes_before_the_file_that_is_missing_because_of_it():
    told = tell(
        DO,
        {"b": NO},
        a=machine(roots=(), disk=disk("/new")),
        b=machine(roots=()),
    )
    assert told == "#1: qmp do returns in a; is refused: GenericError in b."


def test_data_of_a_file_go_before_state():
    told = tell(
        a=machine(node(2, "d", x=1), roots=(2,), disk=disk("/a")),
        b=machine(node(2, "d"), roots=(2,), disk=disk("/a", data=(Extent(0, 128, 9),))),
    )
    assert told == "#1: data of the file /a is nothing in a; 0x09 at 0 +64 KiB in b."


def test_a_crash_is_told():
    crash = Outcome("crashed", error={"class": "Assertion", "desc": "x"})
    told = tell(DO, {"b": crash}, a=plain(), b=stopped(plain()))
    assert told == "#1: qmp do returns in a; crashes: Assertion in b."


def test_a_missing_node_goes_before_flags():
    told = tell(a=chain(RDWR, 0, 0, 0), b=plain(open_flags=0))
    assert told == "Only state differs, from #1: d.file is present in a; absent in b."


def test_a_cycle_is_told_as_the_node_that_it_leads_to():
    ring = machine(node(2, "d", file=Ref(2)), roots=(2,))
    own = machine(node(2, "d", file=Ref(3)), node(3, "d"), roots=(2,))
    told = tell(a=ring, b=own)
    assert told == "Only state differs, from #1: d.file is d in a; a node of its own in b."


def test_a_leaked_node_is_told_last():
    told = tell(a=machine(node(2, "d", x=1), node(3), roots=(2,)), b=plain(x=2))
    assert told == "Only state differs, from #1: d.x is 1 in a; 2 in b."


def test_names_from_a_log_are_escaped():
    told = tell(a=machine(roots=(), disk=disk("/\x1b")), b=machine(roots=()))
    assert told == "#1: the file /\\x1b exists in a; never existed in b."
