"""What searches find, as text and JSON."""
