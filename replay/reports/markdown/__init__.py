"""Reports as Markdown for a review."""
