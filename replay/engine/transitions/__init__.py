"""What one event does to one state, worked out once and remembered."""
