"""Logs and their events, which no statement can change."""

import sqlalchemy as sa
from alembic import op

from replay.errors import ReplayError
from replay.store.databases.backend import NUMBER, NUMBERS_ONCE, TEXT, backend_of

revision: str = "0001"
down_revision: str | None = None


def upgrade() -> None:
    op.create_table(
        "logs",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("name", TEXT, nullable=False, unique=True),
        sa.Column("header", TEXT, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("events", NUMBER, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("position", NUMBER, primary_key=True),
        sa.Column(
            "log",
            NUMBER,
            sa.ForeignKey("logs.id", deferrable=True, initially="DEFERRED"),
            nullable=False,
        ),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("channel", TEXT),
        sa.Column("name", TEXT),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("origin_file", TEXT),
        sa.Column("origin_line", NUMBER),
        sa.Column("recorded", sa.Float),
        sa.Column("schema_version", NUMBER, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("checksum", TEXT, nullable=False),
        sa.UniqueConstraint("log", "seq"),
        **NUMBERS_ONCE,
    )
    connection = op.get_bind()
    backend = backend_of(connection)
    backend.protect(connection, "events", "UPDATE", "DELETE", message="events are never changed")
    backend.remember_positions(connection)


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM events")):
        raise ReplayError(
            "the database holds events, which are never deleted",
            do="export them, and remove the file",
        )
    backend_of(op.get_bind()).forget_positions(op.get_bind())
    op.drop_table("events")
    op.drop_table("logs")
