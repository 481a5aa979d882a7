"""What an event does to a state in a program: worked out by running it."""

from functools import lru_cache
from typing import NamedTuple

from replay.engine.log_budget import Allowance, growth_of
from replay.engine.trace import GapReason, Outcome
from replay.engine.transitions.request import Request
from replay.language import Crashed, Ending, Failed, Program, Refused, Returned, Stopped
from replay.state.objects import State, plain, stopped
from replay.variants.subject import ChannelConfig


class Transition(NamedTuple):
    """The next state, the outcome, and where it crashed, which has another line in each tree.

    `taken` are the steps, and how many values the state and the outcome hold that the state before
    did not.
    `functions` are those that ran, and `program` is where they did.
    """

    state: State
    outcome: Outcome
    crash: Crashed | None
    taken: Allowance
    functions: frozenset[str]
    program: Program

    def is_in(self, program: Program) -> bool:
        """Whether another program does the same where it is asked the same."""
        return program.runs_alike(self.functions, self.program)


def worked_out(program: Program, state: State, asked: Request) -> Transition:
    """The transition of a state with a machine, made by running the program."""
    after, ending = program.call(asked.handler, asked.arguments, state)
    crash = ending if isinstance(ending, Crashed) else None
    if isinstance(ending, Refused | Failed):
        after = after_refusal(after, asked)
    outcome = _outcome(ending, asked.channel)
    taken = Allowance(growth_of(state, after, outcome.value), program.steps)
    return Transition(after, outcome, crash, taken, _shared(program.called), program)


# Few sets of functions run again and again, and each takes as much memory as the rest.
@lru_cache(maxsize=4096)
def _shared(functions: frozenset[str]) -> frozenset[str]:
    """The one object for equal sets."""
    return functions


def after_refusal(state: State, asked: Request) -> State:
    """The state when a command was refused, which may have been the end of the machine."""
    return stopped(state) if asked.channel.refusal_stops else state


def _outcome(ending: Ending, channel: ChannelConfig) -> Outcome:
    match ending:
        case Returned(value):
            return Outcome("returned", value={} if value is None else plain(value))
        case Failed(errno):
            return Outcome("refused", error={"errno": errno})
        case Refused(_, desc) if channel.refusal == "text":
            return Outcome("refused", error={"text": desc})
        case Refused(cls, desc):
            return Outcome("refused", error={"class": cls, "desc": desc})
        case Stopped(cls, desc):
            return Outcome("stopped", error={"class": cls, "desc": desc}, gap=GapReason.LIMIT)
        case Crashed(cls, desc):
            return Outcome("crashed", error={"class": cls, "desc": desc})
