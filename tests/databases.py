"""A way to a database of either kind behind the store's back."""

from pathlib import Path

from replay.store.databases.backend import backend_of
from replay.store.tables import GUARDS


def sql(where: str | Path, *statements: str) -> list[tuple[object, ...]]:
    """Runs statements in one transaction; the rows of the last."""
    engine = backend_of(where).connect(where)
    try:
        with backend_of(engine).begin_write(engine) as connection:
            for statement in statements:
                result = connection.exec_driver_sql(statement)
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()


def tamper(where: str | Path, *statements: str) -> None:
    """Runs statements that the database would refuse, with its protections taken away before."""
    engine = backend_of(where).connect(where)
    with backend_of(engine).begin_write(engine) as connection:
        for table, _, action in (guard.partition("_no_") for guard in GUARDS):
            backend_of(engine).unprotect(connection, table, action)
    engine.dispose()
    sql(where, *statements)
