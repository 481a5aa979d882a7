"""Transitions are worked out once in all trees that do the same."""

from replay.engine.transitions.memo import Memo
from replay.engine.transitions.request import request
from replay.events.event import Command
from replay.language import compile_tree
from replay.series import Tree, source_file
from replay.variants.variant import Subject, resolve

YARD = """
class Machine:
    tracks: int = 0


def cli_lay(text):
    if text == "far":
        return tunnel(text)
    machine.tracks = 1
    return None


def tunnel(text):
    machine.tracks = 2
    return None
"""


def test_a_transition_is_that_of_every_tree_in_which_the_functions_that_ran_are_the_same(
    toy: Subject,
) -> None:
    deeper = YARD.replace("tracks = 2", "tracks = 3")
    trees = [Tree((source_file("yard.py", text),)) for text in (YARD, deeper)]
    one, other = (compile_tree(made, "Machine") for made in trees)
    memo, start = Memo(), one.initial()
    near, far = (request(Command("cli", "lay", text), toy.config) for text in ("near", "far"))
    assert memo.run(one, start, near) is memo.run(other, start, near)
    assert (memo.misses, memo.hits) == (1, 1)
    states = {memo.run(program, start, far).state for program in (one, other, one, other)}
    assert len(states) == 2
    assert (memo.misses, memo.hits) == (3, 3)


def test_a_memo_forgets_the_oldest_first(toy: Subject) -> None:
    memo, program = Memo(2), resolve(toy, "before", {}).program
    start = program.initial()
    for name in ("a", "b", "c", "b", "c", "a"):
        memo.run(program, start, request(Command("cli", "train", name), toy.config))
    assert (memo.hits, memo.misses) == (2, 4)
