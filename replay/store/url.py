"""What the place of a database tells: whether it is a server, and what of it may be printed."""

import re
from pathlib import Path

PASSWORD = re.compile(r"(://[^:/?@]*:).*@|([?&]\w*password=)[^&]*")
"""Where a URL has a password, also one that is written so badly that it is no URL."""


SERVERS = ("postgresql:", "postgres:", "postgresql+psycopg:")
"""How the URL of a server begins; anything else is a file."""


def is_server(where: str | Path) -> bool:
    """Whether a database is at a server, and not in a file."""
    return str(where).startswith(SERVERS)


def without_password(where: str | Path) -> str:
    """A path or URL as it may be printed."""
    return PASSWORD.sub(
        lambda match: f"{match[1]}***@" if match[1] else f"{match[2]}***", str(where)
    )
