"""Letting the machine look: shrink what differs, hunt for differences, tell what logs reach."""
