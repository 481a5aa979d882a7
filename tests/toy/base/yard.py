"""A shunting yard: trains of wagons, and a ledger that the yard keeps in files."""

BRAKE = 0x1
LIGHT = 0x2
ENOENT = 2
LEDGER_SIZE = 1 << 20


class Yard:
    """What the yard knows."""

    trains: "list[Wagon]" = []
    signal: "str" = "stop"
    ledger: "int" = -1


class Wagon:
    """A wagon; the first of a train has a number."""

    number: "str" = ""
    behind: "Wagon | None" = None
    load: "int" = 0
    marks: "int" = 0
    inspector: "Inspector | None" = None


class Inspector:
    """Who looks at a wagon until it is well."""

    wagon: "Wagon | None" = None
    found: "list" = []
