"""What recordings saw of their machines, kept beside the events, and changed as little."""

import sqlalchemy as sa
from alembic import op

from replay.errors import ReplayError

revision: str = "0003"
down_revision: str | None = "0002"

TRIGGER = """
CREATE TRIGGER observations_no_{action} BEFORE {action} ON observations
BEGIN SELECT RAISE(ABORT, 'observations are never changed'); END
"""


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
        sqlite_autoincrement=True,
    )
    for action in ("UPDATE", "DELETE"):
        op.execute(TRIGGER.format(action=action))


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM observations")):
        raise ReplayError(
            "the database holds observations, which are never deleted",
            do="export the logs, and remove the file",
        )
    op.drop_table("observations")
