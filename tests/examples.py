"""The subject's own examples, replayed."""

from pathlib import Path

from replay.engine.replay import replay
from replay.engine.trace import ModelTrace
from replay.events.event import Event, Log, Payload
from replay.formats import read as ingest
from replay.variants.variant import Subject, resolve

PATCHES = Path(__file__).parents[1] / "patches"
NAMES = sorted(file.stem for file in (PATCHES / "examples").glob("*.jsonl"))


def example(name: str) -> Log:
    """One of the examples."""
    recording = next(iter(ingest.read(PATCHES / "examples" / f"{name}.jsonl")))
    return Log.of(name, recording.events)


def log_of(*payloads: Payload) -> Log:
    """A log of these events."""
    return Log.of("handmade", map(Event, payloads))


def traced(subject: Subject, log: Log, *expressions: str) -> tuple[ModelTrace, ...]:
    """The log in each of the variants."""
    return tuple(replay(log, resolve(subject, text, {})) for text in expressions)


C_DIFF = """\
--- a/block.c
+++ b/block.c
@@ -10,3 +10,3 @@ static void bdrv_move_feature_fields(BlockDriverState *a)
     x();
-    y();
+    z();
     return;
@@ -50,2 +50,3 @@ int bdrv_invented(void)
     x();
+    y();
     return;
"""
"""A change of two functions of QEMU, of which the model has the first."""
