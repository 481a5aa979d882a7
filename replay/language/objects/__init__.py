"""The objects of the model while an event runs, and the values that it is given."""
