"""Measuring how far the model agrees with recordings of real QEMU."""

from replay.qemu.conformance.compare import Agreement, Disagreement, compare
from replay.qemu.conformance.expected import RecordedLog, RecordedStep, Recordings, open_recordings
from replay.qemu.conformance.run import (
    Conformance,
    Plan,
    Task,
    TreeAgreement,
    agreements,
    conformance,
    plan,
)

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
