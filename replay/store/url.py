"""Telling where a database is without its password."""

import re
from pathlib import Path

PASSWORD = re.compile(r"(://[^:/?@]*:).*@|([?&]\w*password=)[^&]*")
"""Where a URL has a password, also one that is written so badly that it is no URL."""


def without_password(where: str | Path) -> str:
    """A path or URL as it may be printed."""
    return PASSWORD.sub(
        lambda match: f"{match[1]}***@" if match[1] else f"{match[2]}***", str(where)
    )
