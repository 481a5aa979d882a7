"""What searches find, as JSON."""
