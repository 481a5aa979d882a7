"""What a reader is shown: documents, computed once, and a renderer for each format."""
