"""Reading messages out of running text: tickets, mails, consoles, logs that were pasted."""
