"""One check of somebody's own."""


def closed(node):
    """No image is open."""
    return node.drv is None
