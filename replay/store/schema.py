"""What a database says is in it."""

from typing import NamedTuple

LAST_NUMBER = 2**62
"""No database of ours gives out a higher number; they themselves end at twice as much."""


class Addition(NamedTuple):
    """Something in a database that is not of this program, and that it may run unasked."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"the {self.kind} {self.name}"


class SchemaObject(NamedTuple):
    """A row of the database's own list of what is in it. Nothing of it can be relied on."""

    kind: object
    name: object
    table: object
    sql: object
