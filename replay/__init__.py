"""Replay a log of block operations through versions of a program and compare what happens."""

__version__ = "0.1.0"
