"""The patch series: what a patch is, how it applies, and how a point of the series is named."""

from replay.series.c_diff import CHunk, CPatch, parse_c_patch
from replay.series.load import Series, open_series, read_series
from replay.series.patch import Patch, label, parse_patch, split_header
from replay.series.revision import find_patch, parse_revision, step_back
from replay.series.stack import is_stack, read_stack
from replay.series.tree import SourceFile, SourceLine, Tree, apply, offsets, source_file
from replay.series.unified_diff import Edit, FileChange, Hunk

__all__ = [
    "CHunk",
    "CPatch",
    "Edit",
    "FileChange",
    "Hunk",
    "Patch",
    "Series",
    "SourceFile",
    "SourceLine",
    "Tree",
    "apply",
    "find_patch",
    "is_stack",
    "label",
    "offsets",
    "open_series",
    "parse_c_patch",
    "parse_patch",
    "parse_revision",
    "read_series",
    "read_stack",
    "source_file",
    "split_header",
    "step_back",
]
