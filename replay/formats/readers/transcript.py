"""Transcripts with -> and <-, or C: and S:, before each message."""

import re
from collections.abc import Sequence

from replay.formats.conversation_reader import ConversationReader
from replay.formats.recording import InputLine
from replay.formats.text.messages import messages

MARK = re.compile(rb"^[\s>*#]*(?:->|<-|C:|S:)\s*\{")


def why_not(head: Sequence[InputLine]) -> str:
    """Why the first lines are not of this format; "" means that they are."""
    matches = any(MARK.match(line.text) for line in head)
    return "" if matches else "no line begins with -> { or <- {, C: { or S: {"


READER = ConversationReader("transcript", True, why_not, messages, pairs_in_runs=True)
