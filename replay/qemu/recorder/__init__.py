"""Recording the QMP traffic between a machine and its clients."""
