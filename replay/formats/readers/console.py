"""Sessions at QEMU's human monitor, and at Proxmox's qm monitor."""

import re
from collections.abc import Sequence

from replay.formats.conversation_reader import ConversationReader
from replay.formats.recording import InputLine
from replay.formats.text.messages import messages

PROMPT = re.compile(rb"^(?:\(qemu\)|qm>)(?: |$)")


def why_not(head: Sequence[InputLine]) -> str:
    """Why the first lines are not of this format; "" means that they are."""
    matches = any(PROMPT.match(line.text) for line in head)
    return "" if matches else "no line begins with the prompt (qemu) or qm>"


READER = ConversationReader("console", True, why_not, messages, pairs_in_runs=True)
