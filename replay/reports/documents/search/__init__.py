"""The documents of what searches find."""
