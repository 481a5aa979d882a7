"""How recordings are read: a file in any known format becomes logs."""
