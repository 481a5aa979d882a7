"""Conform: whether variants do what was recorded of the real program."""

from replay.conform.comparison import Agreement, Disagreement, compare
from replay.conform.conformance import (
    Conformance,
    Plan,
    Task,
    TreeAgreement,
    agreements,
    conformance,
    plan,
)
from replay.conform.recorded import RecordedLog, RecordedStep, Recordings, open_recordings

__all__ = [
    "Agreement",
    "Conformance",
    "Disagreement",
    "Plan",
    "RecordedLog",
    "RecordedStep",
    "Recordings",
    "Task",
    "TreeAgreement",
    "agreements",
    "compare",
    "conformance",
    "open_recordings",
    "plan",
]
