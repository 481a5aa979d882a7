"""The real QEMU: running it, recording it, and holding the model against it."""
