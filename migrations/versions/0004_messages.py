"""Recordings that go on, whose messages are kept as they come until they are a log."""

import sqlalchemy as sa
from alembic import op

from replay.errors import ReplayError

revision: str = "0004"
down_revision: str | None = "0003"

NO_UPDATE = """
CREATE TRIGGER {table}_no_UPDATE BEFORE UPDATE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} are never changed'); END
"""

NO_DELETE = """
CREATE TRIGGER messages_no_DELETE BEFORE DELETE ON messages
WHEN EXISTS (SELECT 1 FROM recordings WHERE id = OLD.recording)
BEGIN SELECT RAISE(ABORT, 'messages go only with their recording'); END
"""


def upgrade() -> None:
    op.create_table(
        "recordings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("checksum", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "messages",
        sa.Column(
            "recording",
            sa.Integer,
            sa.ForeignKey("recordings.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("checksum", sa.Text, nullable=False),
    )
    for table in ("recordings", "messages"):
        op.execute(NO_UPDATE.format(table=table))
    op.execute(NO_DELETE)


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM recordings")):
        raise ReplayError(
            "the database holds recordings that are no logs yet, which are never deleted",
            do="finish them with replay record --finish NAME",
        )
    op.drop_table("messages")
    op.drop_table("recordings")
