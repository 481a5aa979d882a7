"""Runs the migrations: on the connection of an opening store, or for the alembic command."""

import os

from alembic import context
from sqlalchemy import Connection

from replay.store.databases.backend import backend_of
from replay.store.tables import metadata


def migrate(connection: Connection) -> None:
    """Runs what was asked for in the transaction of the connection."""
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    where = os.environ.get("REPLAY_DB", "replay.db")
    backend = backend_of(where)
    with backend.begin_write(backend.connect(where)) as opened:
        migrate(opened)
