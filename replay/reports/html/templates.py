"""The Jinja environment of the pages; everything is escaped."""

import base64
import hashlib
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader
from markupsafe import Markup

from replay.reports import words
from replay.reports.drawing.svg import svg


def environment(**names: Any) -> Environment:
    """The environment of the templates, which may call what has these names."""
    templates = Environment(
        autoescape=True,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(text),
    )
    templates.globals.update(svg=svg, words=words, **names)
    return templates


def text(name: str) -> str:
    """A file that lies beside this module."""
    return (files(__package__) / name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """A text's hash as a content security policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _shown(value: Any) -> Any:
    """What a template prints, with all that is not printable escaped."""
    if isinstance(value, Markup):
        return value
    text = str(value)
    return text if text.isprintable() else words.escape(text)
