"""The patch series: what a patch is, how it applies, and how a point of the series is named."""

from replay.series.patch import Edit, FileChange, Hunk, Patch, parse_patch, split_header
from replay.series.reading import Series, read_patch, read_series, read_text
from replay.series.tree import Line, SourceFile, Tree, apply, offsets, source_file

__all__ = [
    "Edit",
    "FileChange",
    "Hunk",
    "Line",
    "Patch",
    "Series",
    "SourceFile",
    "Tree",
    "apply",
    "offsets",
    "parse_patch",
    "read_patch",
    "read_series",
    "read_text",
    "source_file",
    "split_header",
]
