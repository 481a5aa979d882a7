"""What searches find, as text."""
