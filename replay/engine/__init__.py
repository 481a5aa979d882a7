"""The heart: replay a log through a variant, view a state, compare, diff."""
