"""The second wall: a child process in which code of a stranger can do little."""
