"""What is reported, as plain values: the part of the room that knows engine and analysis."""
