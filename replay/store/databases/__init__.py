"""The databases that a store can be in, a module each, and what a store asks of one."""
