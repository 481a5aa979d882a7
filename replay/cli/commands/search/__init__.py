"""The commands that search: shrink, hunt, cover and touched."""
