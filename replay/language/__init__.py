"""The model language: a subset of Python, checked before it is compiled, run within limits."""

from replay.language.check import check
from replay.language.endings import Crashed, Ending, Failed, Refused, Returned, Stopped
from replay.language.file_queries import Query, answer_alike
from replay.language.program import Arc, FunctionInfo, Program, compile_tree

__all__ = [
    "Arc",
    "Crashed",
    "Ending",
    "Failed",
    "FunctionInfo",
    "Program",
    "Query",
    "Refused",
    "Returned",
    "Stopped",
    "answer_alike",
    "check",
    "compile_tree",
]
