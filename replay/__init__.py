"""replay runs one log of operations through several revisions of a patch series."""

__version__ = "0.1.0"
