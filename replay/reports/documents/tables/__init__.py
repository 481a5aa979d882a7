"""The tables of logs, replays and diffs, for other programs."""
