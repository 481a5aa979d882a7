"""What a machine is between two events: objects and disk, immutable."""
