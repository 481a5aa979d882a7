"""What recordings saw of their machines, kept beside the events, and changed as little."""

import sqlalchemy as sa
from alembic import op

from replay.errors import ReplayError
from replay.store.databases.backend import NUMBER, NUMBERS_ONCE, TEXT, backend_of

revision: str = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    op.create_table(
        "observations",
        sa.Column("position", NUMBER, primary_key=True),
        sa.Column(
            "log",
            NUMBER,
            sa.ForeignKey("logs.id", deferrable=True, initially="DEFERRED"),
            nullable=False,
        ),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("after", NUMBER, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.Column("origin_file", TEXT),
        sa.Column("origin_line", NUMBER),
        sa.Column("recorded", sa.Float),
        sa.Column("checksum", TEXT, nullable=False),
        sa.UniqueConstraint("log", "number"),
        **NUMBERS_ONCE,
    )
    message = "observations are never changed"
    backend_of(op.get_bind()).protect(
        op.get_bind(), "observations", "UPDATE", "DELETE", message=message
    )


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM observations")):
        raise ReplayError(
            "the database holds observations, which are never deleted",
            do="export the logs, and remove the file",
        )
    op.drop_table("observations")
