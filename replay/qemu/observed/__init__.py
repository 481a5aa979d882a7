"""What a recording shows of a real QEMU, as a trace."""
