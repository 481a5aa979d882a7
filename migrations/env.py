"""Runs the migrations: on the connection of an opening store, or for the alembic command."""

import os

from alembic import context
from sqlalchemy import Connection, create_engine

from replay.database import metadata, url_of


def migrate(connection: Connection) -> None:
    """Runs what was asked for in the transaction of the connection."""
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with create_engine(url_of(os.environ.get("REPLAY_DB", "replay.db"))).begin() as opened:
        migrate(opened)
