"""What searches find, as Markdown."""
