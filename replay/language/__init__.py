"""The model language: a subset of Python, checked before it is compiled, run within limits."""

from replay.language.check import check
from replay.language.digests import FunctionInfo
from replay.language.endings import Crashed, Ending, Failed, Refused, Returned, Stopped
from replay.language.file_queries import FileAnswers, Query
from replay.language.program import Arc, Program, compile_tree

__all__ = [
    "Arc",
    "Crashed",
    "Ending",
    "Failed",
    "FileAnswers",
    "FunctionInfo",
    "Program",
    "Query",
    "Refused",
    "Returned",
    "Stopped",
    "check",
    "compile_tree",
]
