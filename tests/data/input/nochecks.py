"""Nothing here is a check."""
