"""Sessions of qmp-shell: with -v the requests that it shows, without it the typed lines."""

import re
from collections.abc import Sequence

from replay.formats.conversation_reader import ConversationReader
from replay.formats.recording import InputLine
from replay.formats.text.messages import messages

PROMPT = re.compile(rb"^(?:\(QEMU\)|TRANS>) ")


def why_not(head: Sequence[InputLine]) -> str:
    """Why the first lines are not of this format; "" means that they are."""
    matches = any(PROMPT.match(line.text) for line in head)
    return "" if matches else "no line begins with the prompt (QEMU)"


READER = ConversationReader("qmp-shell", False, why_not, messages, pairs_in_runs=True)
