"""Recording: the traffic of a machine is written down while it passes."""
