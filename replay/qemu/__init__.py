"""The real program: a log performed by a running QEMU, which is seen from outside."""
