"""Block jobs. They move only where the log waits for them."""


def block_job_create(job_type, bs, speed):
    """block_job_create: (error, job); one of the two is None."""
    if bs.job is not None or bdrv_in_use(bs):
        return error_device_in_use(bs.device_name), None
    bdrv_set_in_use(bs, True)
    if speed < 0:
        # the job's set_speed refuses
        bdrv_set_in_use(bs, False)
        return error_invalid_parameter("speed"), None
    job = new(BlockJob)
    job.job_type = job_type
    job.bs = bs
    job.speed = speed
    bs.job = job
    return None, job


def block_job_complete(job, ret):
    """block_job_complete: tells the monitor, then the device is free again."""
    bs = job.bs
    assert bs.job == job
    notice = block_job_cb(job, ret)
    bs.job = None
    bdrv_set_in_use(bs, False)
    return notice


def block_job_cb(job, ret):
    """block_stream_cb: the notice that the monitor sends."""
    name = "BLOCK_JOB_COMPLETED"
    if job.cancelled:
        name = "BLOCK_JOB_CANCELLED"
    return {"notice": name, "error": ret < 0}


def block_job_cancel(job):
    """block_job_cancel: only a mark; the job looks at it when it runs."""
    job.cancelled = True


def block_job_cancel_sync(job):
    """block_job_cancel_sync: a job that sleeps is not waited for."""
    block_job_cancel(job)


def block_job_run(job, until):
    """Lets a job go on to its next stop: its end here; the notice it sends."""
    return stream_run(job)


def await_job(device, until):
    """The log waited for the device's job; with no device, for every job."""
    if device is None:
        for bs in list(machine.bdrv_states):
            if bs.job is not None:
                block_job_run(bs.job, "end")
        return None
    bs = bdrv_find(device)
    if bs is None or bs.job is None:
        return None
    return block_job_run(bs.job, until)
