"""Many diffs at once, as text."""
