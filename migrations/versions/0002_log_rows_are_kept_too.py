"""Log rows have a checksum, and no statement can change or delete them."""

from hashlib import sha256

import msgspec
import sqlalchemy as sa
from alembic import op

from replay.store.databases.backend import TEXT, backend_of

revision: str = "0002"
down_revision: str | None = "0001"

CHECKED = ("id", "name", "header", "fingerprint", "events")


def upgrade() -> None:
    op.add_column("logs", sa.Column("checksum", TEXT, nullable=False, server_default=""))
    connection = op.get_bind()
    rows = connection.execute(sa.text(f"SELECT {', '.join(CHECKED)} FROM logs")).all()
    statement = sa.text("UPDATE logs SET checksum = :checksum WHERE id = :id")
    for row in rows:
        digest = sha256(msgspec.json.encode(tuple(row))).hexdigest()
        connection.execute(statement, {"checksum": digest, "id": row.id})
    backend_of(connection).protect(
        connection, "logs", "UPDATE", "DELETE", message="logs are never changed"
    )


def downgrade() -> None:
    backend_of(op.get_bind()).unprotect(op.get_bind(), "logs", "UPDATE", "DELETE")
    op.drop_column("logs", "checksum")
