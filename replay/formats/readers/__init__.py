"""The readers of recordings, a module each, and how one is chosen for a text."""
