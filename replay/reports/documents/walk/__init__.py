"""Going through a log event by event, with several variants beside each other."""
