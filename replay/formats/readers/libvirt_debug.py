"""libvirtd's debug log, which holds the QMP traffic of several machines.

What is sent is told when it is queued (SEND_MSG) and again when it is written (IO_WRITE); what
comes in as it was received (IO_PROCESS, all that old logs have) and again message by message.
"""

import re
from collections.abc import Sequence

from replay.formats.conversation_reader import ConversationReader
from replay.formats.recording import InputLine
from replay.formats.text.marks import ENTRY
from replay.formats.text.messages import messages

MARK = re.compile(rb"QEMU_MONITOR_\w+: ?mon=0x")
FIRST = 3
"""The line by which an entry begins, also in a file whose beginning was cut away."""


def why_not(head: Sequence[InputLine]) -> str:
    """Why the first lines are not of this format; "" means that they are."""
    matches = any(ENTRY.match(line.text) or MARK.search(line.text) for line in head[:FIRST])
    return "" if matches else "it does not begin with an entry as DATE+0000: THREAD: debug :"


READER = ConversationReader("libvirtd", True, why_not, messages, joins_starts=True)
