"""What happened: the events of a machine, and the logs that hold them."""
