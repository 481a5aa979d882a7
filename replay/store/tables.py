"""The database tables, and the names of what keeps their rows from being changed."""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    MetaData,
    Table,
    UniqueConstraint,
)

from replay.store.databases.backend import ANY_TEXT, NUMBER, NUMBERS_ONCE, TEXT

metadata = MetaData()

logs = Table(
    "logs",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("name", TEXT, nullable=False, unique=True),
    Column("header", TEXT, nullable=False),
    Column("fingerprint", TEXT, nullable=False),
    Column("events", NUMBER, nullable=False),
    Column("checksum", TEXT, nullable=False, server_default=""),
)

# The log's row is written after its events, when their number and fingerprint are known.
events = Table(
    "events",
    metadata,
    Column("position", NUMBER, primary_key=True),
    Column(
        "log", NUMBER, ForeignKey("logs.id", deferrable=True, initially="DEFERRED"), nullable=False
    ),
    Column("seq", NUMBER, nullable=False),
    Column("kind", TEXT, nullable=False),
    Column("channel", ANY_TEXT),
    Column("name", ANY_TEXT),
    Column("payload", TEXT, nullable=False),
    Column("origin_file", ANY_TEXT),
    Column("origin_line", NUMBER),
    Column("recorded", Float),
    Column("schema_version", NUMBER, nullable=False),
    Column("fingerprint", TEXT, nullable=False),
    Column("checksum", TEXT, nullable=False),
    UniqueConstraint("log", "seq"),
    **NUMBERS_ONCE,
)

# What the recording itself saw after the event with the seq `after`, in the order of `number`.
observations = Table(
    "observations",
    metadata,
    Column("position", NUMBER, primary_key=True),
    Column(
        "log", NUMBER, ForeignKey("logs.id", deferrable=True, initially="DEFERRED"), nullable=False
    ),
    Column("number", NUMBER, nullable=False),
    Column("after", NUMBER, nullable=False),
    Column("name", ANY_TEXT, nullable=False),
    Column("content", TEXT, nullable=False),
    Column("origin_file", ANY_TEXT),
    Column("origin_line", NUMBER),
    Column("recorded", Float),
    Column("checksum", TEXT, nullable=False),
    UniqueConstraint("log", "number"),
    **NUMBERS_ONCE,
)

# A recording that goes on, or was broken off. It goes when its messages have become a log.
recordings = Table(
    "recordings",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("name", TEXT, nullable=False, unique=True),
    Column("checksum", TEXT, nullable=False),
    **NUMBERS_ONCE,
)

# A message goes only with its whole recording.
messages = Table(
    "messages",
    metadata,
    Column(
        "recording",
        NUMBER,
        ForeignKey("recordings.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("line", ANY_TEXT, nullable=False),
    Column("checksum", TEXT, nullable=False),
)

WHOLE_RECORDING_STAYS = "EXISTS (SELECT 1 FROM recordings WHERE id = OLD.recording)"

GUARDS = {
    **{
        f"{table.name}_no_{action}": ""
        for table in (events, logs, observations)
        for action in ("DELETE", "UPDATE")
    },
    "recordings_no_UPDATE": "",
    "messages_no_DELETE": WHOLE_RECORDING_STAYS,
    "messages_no_UPDATE": "",
}
"""The protections by which the database itself refuses to change what is stored.

For each the condition under which it does.
"""

TABLES = frozenset({*metadata.tables, "alembic_version"})
"""The names of all tables."""
