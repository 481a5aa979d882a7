"""The second wall: what the kernel lets a command with a stranger's code do."""
