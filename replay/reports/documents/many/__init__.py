"""What is told of many diffs at once."""
