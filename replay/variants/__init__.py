"""Which code: the subject, variant expressions, and the steps between two variants."""
