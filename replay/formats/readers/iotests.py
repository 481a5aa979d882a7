"""Expected outputs of QEMU's own iotests, of shell and of Python tests."""

import re
from collections.abc import Sequence

from replay.formats.conversation_reader import ConversationReader
from replay.formats.recording import InputLine
from replay.formats.text.messages import messages

TITLE = b"QA output created by"
PYTHON = re.compile(
    rb"T(?<=\bT)EST_(?:DIR|IMG)\b|P(?<=\bP)ID-|\"USECS\"|Q(?<=\bQ)EMU_PROG\b|=(?<=\A=)== .+ ===$"
)
"""What the filters of the tests leave; those in Python have no title. Each begins with a letter
that is what it is: all else is passed quickly."""


def why_not(head: Sequence[InputLine]) -> str:
    """Why the first lines are not of this format; "" means that they are."""
    if head[0].text.startswith(TITLE) or any(PYTHON.search(line.text) for line in head):
        return ""
    return "no QA output created by, TEST_DIR or USECS"


READER = ConversationReader("iotests", True, why_not, messages, pairs_in_runs=True)
