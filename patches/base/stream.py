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
        end = length
        if base is not None:
            end = is_allocated_above_end(bs, base, length)
        ret = stream_populate(bs, base, end)
        if ret == 0 and end < length:
            return {"notice": "TIMEOUT", "error": False}
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


def stream_populate(bs, base, end):
    """stream_populate: copies what is not in top, down to the base.

    Without a base every hole is read and so becomes allocated, zeros too.
    """
    holes = ranges_without([[0, end]], bdrv_is_allocated(bs, [[0, end]]))
    if base is not None:
        holes = is_allocated_above(bs.backing_hd, base, holes)
    if len(holes) == 0:
        return 0
    ret, reached = bdrv_co_do_readv(bs, holes, True)
    return ret


def is_allocated_above(top, base, ranges):
    """is_allocated_base: the parts of the ranges that images from top down to base hold."""
    allocated = []
    for node in walk(top, "backing_hd"):
        if node == base:
            break
        allocated = ranges_union(allocated, bdrv_is_allocated(node, ranges))
    return allocated


def is_allocated_above_end(bs, base, length):
    """is_allocated_base: where it comes to tell of 0 sectors, and so for ever; or the length.

    That is beyond the end of an image between bs and base, where no image above
    that one has anything allocated.
    """
    end = length
    holes = [[0, length]]
    for node in walk(bs, "backing_hd"):
        if node == base:
            break
        beyond = ranges_without(holes, [[0, bdrv_getlength(node)]])
        if len(beyond) > 0:
            end = min(end, beyond[0][0])
        holes = ranges_without(holes, bdrv_is_allocated(node, holes))
    return end


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
