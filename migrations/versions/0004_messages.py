"""Recordings that go on, whose messages are kept as they come until they are a log."""

import sqlalchemy as sa
from alembic import op

from replay.errors import ReplayError
from replay.store.databases.backend import NUMBER, NUMBERS_ONCE, TEXT, backend_of

revision: str = "0004"
down_revision: str | None = "0003"

WHOLE_RECORDING_STAYS = "EXISTS (SELECT 1 FROM recordings WHERE id = OLD.recording)"


def upgrade() -> None:
    op.create_table(
        "recordings",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("name", TEXT, nullable=False, unique=True),
        sa.Column("checksum", TEXT, nullable=False),
        **NUMBERS_ONCE,
    )
    op.create_table(
        "messages",
        sa.Column(
            "recording",
            NUMBER,
            sa.ForeignKey("recordings.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("line", TEXT, nullable=False),
        sa.Column("checksum", TEXT, nullable=False),
    )
    connection = op.get_bind()
    for table in ("recordings", "messages"):
        backend_of(connection).protect(
            connection, table, "UPDATE", message=f"{table} are never changed"
        )
    backend_of(connection).protect(
        connection,
        "messages",
        "DELETE",
        message="messages go only with their recording",
        when=WHOLE_RECORDING_STAYS,
    )


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM recordings")):
        raise ReplayError(
            "the database holds recordings that are no logs yet, which are never deleted",
            do="finish them with replay record --finish NAME",
        )
    op.drop_table("messages")
    op.drop_table("recordings")
