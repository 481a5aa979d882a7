"""The upgrade of a database by the migrations that come along."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from replay.errors import ReplayError
from replay.shipped import shipped


def upgrade(connection: Connection, found: str | None) -> None:
    """Brings the tables from revision `found` to today's, in the connection's transaction.

    Raises ReplayError if `found` is not in our history: then the database is newer.
    """
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    history = ScriptDirectory.from_config(config).walk_revisions()
    if found is not None and found not in {script.revision for script in history}:
        raise ReplayError(
            f"the database is newer than this program, its revision is {found}",
            where=connection.engine.url.database or "",
            do="upgrade replay",
        )
    command.upgrade(config, "head")
