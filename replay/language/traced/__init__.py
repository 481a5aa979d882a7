"""The form of the model language that remembers where each value came from."""
