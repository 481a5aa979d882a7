"""block/stream.c: copies the backing chain into the top image."""


def close_unused_images(top, base):
    """close_unused_images: deletes what lies between top and base."""
    unused = []
    for node in walk(top.backing_hd, "backing_hd"):
        if node == base:
            break
        unused.append(node)
    for node in unused:
        node.backing_hd = None
        bdrv_delete(node)
    top.backing_hd = base


def stream_run(job):
    """stream_run, from its start or where it slept, to its end."""
    bs = job.bs
    base = job.base
    length = bdrv_getlength(bs)
    if length < 0:
        return block_job_complete(job, length)
    ret = 0
    if not job.cancelled:
        ret = stream_populate(bs, base, length)
    if base is None:
        bdrv_disable_copy_on_read(bs)
    if not job.cancelled and ret == 0:
        base_id = None
        if base is not None:
            base_id = job.backing_file_id
        # the chain is cut even where the header cannot be written
        ret = bdrv_change_backing_file(bs, base_id, None)
        close_unused_images(bs, base)
    return block_job_complete(job, ret)


def stream_populate(bs, base, length):
    """stream_populate: copies what is not in top, down to the base.

    Without a base every hole is read and so becomes allocated, zeros too.
    """
    if not BLOCK_DRIVERS[bs.drv]["bdrv_is_allocated"]:
        return 0
    if bs.backing_hd is None and base is None:
        return stream_fill(bs, [], length)
    between = []
    for node in walk(bs.backing_hd, "backing_hd"):
        if node == base:
            break
        between.append(bdrv_image(node))
    if base is None:
        between = []
    elif len(between) == 0:
        return 0
    return stream_fill(bs, between, length)


def stream_fill(bs, among, length):
    """The copying half of stream_populate; an empty `among` means every cluster."""
    ret = bdrv_image_writable(bs)
    if ret < 0:
        return ret
    return bdrv_copy_sectors(bs, among, [bdrv_image(bs)], 0, length, CLUSTER_SIZE)


def stream_start(bs, base, base_id, speed):
    """stream_start: None, or the error that refuses the job."""
    error, job = block_job_create("stream", bs, speed)
    if error is not None:
        return error
    job.base = base
    job.backing_file_id = base_id
    if bdrv_getlength(bs) < 0:
        # the coroutine ends before it sleeps for the first time
        stream_run(job)
    elif base is None:
        bdrv_enable_copy_on_read(bs)
    return None
