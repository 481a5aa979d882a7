"""Graphs of nodes: what to draw, in SVG and in DOT."""
