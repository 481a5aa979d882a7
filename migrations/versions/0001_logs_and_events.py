"""Logs and their events, which no statement can change."""

import sqlalchemy as sa
from alembic import op

from replay.errors import ReplayError
from replay.store.backend import NUMBERS_ONCE, protect

revision: str = "0001"
down_revision: str | None = None


def upgrade() -> None:
    op.create_table(
        "logs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("header", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("events", sa.Integer, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column(
            "log",
            sa.Integer,
            sa.ForeignKey("logs.id", deferrable=True, initially="DEFERRED"),
            nullable=False,
        ),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("channel", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("origin_file", sa.Text),
        sa.Column("origin_line", sa.Integer),
        sa.Column("recorded", sa.Float),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("checksum", sa.Text, nullable=False),
        sa.UniqueConstraint("log", "seq"),
        **NUMBERS_ONCE,
    )
    protect(op.get_bind(), "events", "UPDATE", "DELETE", message="events are never changed")


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM events")):
        raise ReplayError(
            "the database holds events, which are never deleted",
            do="export them, and remove the file",
        )
    op.drop_table("events")
    op.drop_table("logs")
