"""The database tables, and the names of what keeps their rows from being changed."""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from replay.store.backend import NUMBERS_ONCE

metadata = MetaData()

logs = Table(
    "logs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("header", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("events", Integer, nullable=False),
    Column("checksum", Text, nullable=False, server_default=""),
)

# The log's row is written after its events, when their number and fingerprint are known.
events = Table(
    "events",
    metadata,
    Column("position", Integer, primary_key=True),
    Column(
        "log", Integer, ForeignKey("logs.id", deferrable=True, initially="DEFERRED"), nullable=False
    ),
    Column("seq", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("channel", Text),
    Column("name", Text),
    Column("payload", Text, nullable=False),
    Column("origin_file", Text),
    Column("origin_line", Integer),
    Column("recorded", Float),
    Column("schema_version", Integer, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("checksum", Text, nullable=False),
    UniqueConstraint("log", "seq"),
    **NUMBERS_ONCE,
)

# What the recording itself saw after the event with the seq `after`, in the order of `number`.
observations = Table(
    "observations",
    metadata,
    Column("position", Integer, primary_key=True),
    Column(
        "log", Integer, ForeignKey("logs.id", deferrable=True, initially="DEFERRED"), nullable=False
    ),
    Column("number", Integer, nullable=False),
    Column("after", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("origin_file", Text),
    Column("origin_line", Integer),
    Column("recorded", Float),
    Column("checksum", Text, nullable=False),
    UniqueConstraint("log", "number"),
    **NUMBERS_ONCE,
)

# A recording that goes on, or was broken off. It goes when its messages have become a log.
recordings = Table(
    "recordings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("checksum", Text, nullable=False),
    **NUMBERS_ONCE,
)

# A message goes only with its whole recording.
messages = Table(
    "messages",
    metadata,
    Column(
        "recording",
        Integer,
        ForeignKey("recordings.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("line", Text, nullable=False),
    Column("checksum", Text, nullable=False),
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
