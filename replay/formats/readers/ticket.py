"""Running text: tickets, mails, consoles, whatever has messages or typed commands in it."""

from collections.abc import Sequence

from replay.formats.conversation_reader import ConversationReader
from replay.formats.recording import InputLine
from replay.formats.text.messages import messages

GUESS = "read as running text, which is a guess: look over the events"


def why_not(head: Sequence[InputLine]) -> str:
    """It is tried last, and only its messages show whether a text has any."""
    return ""


READER = ConversationReader("ticket", True, why_not, messages, pairs_in_runs=True, remark=GUESS)
