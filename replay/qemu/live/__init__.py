"""Running a real QEMU, and what a log may ask of it."""
