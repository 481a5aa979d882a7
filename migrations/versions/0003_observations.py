"""What recordings saw of their machines, kept beside the events, and changed as little."""

import sqlalchemy as sa
from alembic import op

from replay.errors import ReplayError
from replay.store.backend import NUMBERS_ONCE, protect

revision: str = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    op.create_table(
        "observations",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column(
            "log",
            sa.Integer,
            sa.ForeignKey("logs.id", deferrable=True, initially="DEFERRED"),
            nullable=False,
        ),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("after", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("origin_file", sa.Text),
        sa.Column("origin_line", sa.Integer),
        sa.Column("recorded", sa.Float),
        sa.Column("checksum", sa.Text, nullable=False),
        sa.UniqueConstraint("log", "number"),
        **NUMBERS_ONCE,
    )
    message = "observations are never changed"
    protect(op.get_bind(), "observations", "UPDATE", "DELETE", message=message)


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM observations")):
        raise ReplayError(
            "the database holds observations, which are never deleted",
            do="export the logs, and remove the file",
        )
    op.drop_table("observations")
