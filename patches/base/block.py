"""block.c: opening, closing and chaining of nodes, and requests on them."""


def bdrv_io_limits_disable(bs):
    """bdrv_io_limits_disable: the limits' values stay."""
    bs.io_limits_enabled = False


def bdrv_io_limits_enable(bs):
    """bdrv_io_limits_enable."""
    bs.io_limits_enabled = True


def bdrv_io_limits_enabled(bs):
    """bdrv_io_limits_enabled: whether a limit is set, not whether it is in force."""
    return max(bs.io_limits) != 0 or min(bs.io_limits) != 0


def path_has_protocol(path):
    """path_has_protocol."""
    return ":" in path


def path_is_absolute(path):
    """path_is_absolute: looks behind a protocol."""
    if path_has_protocol(path):
        return path.partition(":")[2].startswith("/")
    return path.startswith("/")


def path_combine(base_path, filename):
    """path_combine: filename as seen from the directory of base_path."""
    if path_is_absolute(filename):
        return filename
    if base_path.startswith("<tmp"):
        # temporary files lie in a directory of their own
        return "/tmp/" + filename
    if "/" in base_path:
        return base_path.rpartition("/")[0] + "/" + filename
    if path_has_protocol(base_path):
        return base_path.partition(":")[0] + ":" + filename
    return filename


def bdrv_new(device_name):
    """bdrv_new: a named node is a device and stands in bdrv_states."""
    bs = new(BlockDriverState)
    bs.device_name = device_name
    if device_name != "":
        machine.bdrv_states.append(bs)
    bdrv_iostatus_disable(bs)
    return bs


def bdrv_find_format(format_name):
    """bdrv_find_format: the driver's name, or None."""
    if format_name in BLOCK_DRIVERS:
        return format_name
    return None


def bdrv_find_whitelisted_format(format_name):
    """bdrv_find_whitelisted_format: this build has no whitelist."""
    return bdrv_find_format(format_name)


def bdrv_create(drv, filename, size, backing_file, backing_format):
    """bdrv_create: 0 or a negative errno."""
    if not BLOCK_DRIVERS[drv]["bdrv_create"]:
        return -ENOTSUP
    if drv == "file":
        drv = "raw"
    fd = disk_create(filename, drv, size, backing_file, backing_format)
    return min(fd, 0)


def bdrv_find_protocol(filename):
    """bdrv_find_protocol: the protocol driver for a name, or None."""
    if not path_has_protocol(filename):
        return bdrv_find_format("file")
    for drv in BLOCK_DRIVERS:
        if BLOCK_DRIVERS[drv]["protocol_name"] == filename.partition(":")[0]:
            return drv
    return None


def find_image_format(filename):
    """find_image_format: opens the file, looks, and closes it: (ret, driver)."""
    ret, bs = bdrv_file_open(filename, 0)
    if ret < 0:
        return ret, None
    drv = bdrv_probe(bs)
    bdrv_delete(bs)
    return 0, drv


def refresh_total_sectors(bs):
    """refresh_total_sectors: asks the driver where it can tell."""
    length = bdrv_drv_getlength(bs)
    if length < 0:
        return length
    bs.total_sectors = length // BDRV_SECTOR_SIZE
    return 0


def bdrv_parse_cache_flags(mode, flags):
    """bdrv_parse_cache_flags: (ret, flags); -1 where the mode is unknown."""
    flags = flags & ~BDRV_O_CACHE_MASK
    if mode == "off" or mode == "none":
        flags = flags | BDRV_O_NOCACHE | BDRV_O_CACHE_WB
    elif mode == "directsync":
        flags = flags | BDRV_O_NOCACHE
    elif mode == "writeback":
        flags = flags | BDRV_O_CACHE_WB
    elif mode == "unsafe":
        flags = flags | BDRV_O_CACHE_WB
        flags = flags | BDRV_O_NO_FLUSH
    elif mode != "writethrough":
        return -1, flags
    return 0, flags


def bdrv_enable_copy_on_read(bs):
    """bdrv_enable_copy_on_read: a count, so that a job can add its own."""
    bs.copy_on_read = bs.copy_on_read + 1


def bdrv_disable_copy_on_read(bs):
    """bdrv_disable_copy_on_read."""
    assert bs.copy_on_read > 0
    bs.copy_on_read = bs.copy_on_read - 1


def bdrv_open_common(bs, filename, flags, drv):
    """bdrv_open_common: format and protocol nodes alike; 0 or a negative errno.

    open_flags keep what was asked for; what the driver gets is derived from it.
    """
    assert drv is not None
    bs.file = None
    bs.total_sectors = 0
    bs.open_flags = flags
    bs.growable = False
    bs.buffer_alignment = 512
    assert bs.copy_on_read == 0
    if flags & BDRV_O_RDWR and flags & BDRV_O_COPY_ON_READ:
        bdrv_enable_copy_on_read(bs)
    bs.filename = filename
    bs.backing_file = ""
    bs.drv = drv
    bs.enable_write_cache = flags & BDRV_O_CACHE_WB != 0
    # flags that are the block layer's own do not reach the driver
    open_flags = flags & ~(BDRV_O_SNAPSHOT | BDRV_O_NO_BACKING)
    # a snapshot=on overlay is writable whatever was asked for
    if bs.is_temporary:
        open_flags = open_flags | BDRV_O_RDWR
    bs.read_only = not open_flags & BDRV_O_RDWR
    bs.keep_read_only = bs.read_only
    if BLOCK_DRIVERS[drv]["bdrv_file_open"]:
        ret = bdrv_drv_file_open(bs, filename, open_flags)
    else:
        ret, bs.file = bdrv_file_open(filename, open_flags)
        if ret >= 0:
            ret = bdrv_drv_open(bs, open_flags)
    if ret >= 0:
        ret = refresh_total_sectors(bs)
    if ret < 0:
        if bs.file is not None:
            bdrv_delete(bs.file)
            bs.file = None
        bs.fd = 0
        bs.drv = None
        return ret
    if bs.is_temporary:
        disk_unlink(filename)
    return 0


def bdrv_file_open(filename, flags):
    """bdrv_file_open: (ret, node) of a name opened by its protocol."""
    drv = bdrv_find_protocol(filename)
    if drv is None:
        return -ENOENT, None
    bs = bdrv_new("")
    ret = bdrv_open_common(bs, filename, flags, drv)
    if ret < 0:
        bdrv_delete(bs)
        return ret, None
    bs.growable = True
    return 0, bs


def bdrv_open(bs, filename, flags, drv):
    """bdrv_open: opens an image and its backing chain; 0 or a negative errno.

    With SNAPSHOT the node itself becomes a temporary overlay of the image.
    """
    if flags & BDRV_O_SNAPSHOT:
        bs1 = bdrv_new("")
        ret = bdrv_open(bs1, filename, 0, drv)
        if ret < 0:
            bdrv_delete(bs1)
            return ret
        total_size = bdrv_getlength(bs1)
        is_protocol = BLOCK_DRIVERS[bs1.drv]["protocol_name"] != ""
        bdrv_delete(bs1)
        tmp_filename = disk_temporary()
        # a real path means nothing to a protocol
        backing_filename = filename
        if not is_protocol:
            backing_filename = disk_realpath(filename)
            if backing_filename == "":
                return -ENOENT
        backing_format = ""
        if drv is not None:
            backing_format = drv
        ret = bdrv_create(
            "qcow2",
            tmp_filename,
            total_size,
            backing_filename,
            backing_format,
        )
        if ret < 0:
            return ret
        filename = tmp_filename
        drv = "qcow2"
        bs.is_temporary = True
    ret = 0
    if drv is None:
        ret, drv = find_image_format(filename)
    if drv is not None:
        ret = bdrv_open_common(bs, filename, flags, drv)
    if drv is None or ret < 0:
        if bs.is_temporary:
            disk_unlink(filename)
        return ret
    if flags & BDRV_O_NO_BACKING == 0 and bs.backing_file != "":
        bs.backing_hd = bdrv_new("")
        backing_filename = bs.backing_file
        if not path_has_protocol(bs.backing_file):
            backing_filename = path_combine(filename, bs.backing_file)
        back_drv = None
        if bs.backing_format != "":
            back_drv = bdrv_find_format(bs.backing_format)
        # backing files are always opened read-only
        back_flags = flags & ~(BDRV_O_RDWR | BDRV_O_SNAPSHOT | BDRV_O_NO_BACKING)
        ret = bdrv_open(bs.backing_hd, backing_filename, back_flags, back_drv)
        if ret < 0:
            bdrv_close(bs)
            return ret
        if bs.is_temporary:
            bs.backing_hd.keep_read_only = not flags & BDRV_O_RDWR
        else:
            bs.backing_hd.keep_read_only = bs.keep_read_only
    if bs.io_limits_enabled:
        bdrv_io_limits_enable(bs)
    return 0


def bdrv_close(bs):
    """bdrv_close: closes the medium; the node and what it was asked for stay."""
    if bs.drv is not None:
        if bs.job is not None:
            block_job_cancel_sync(bs.job)
        if bs.backing_hd is not None:
            bdrv_delete(bs.backing_hd)
            bs.backing_hd = None
        bs.fd = 0
        bs.cache_dirty = False
        bs.drv = None
        bs.copy_on_read = 0
        if bs.file is not None:
            bdrv_close(bs.file)
    if bs.io_limits_enabled:
        bdrv_io_limits_disable(bs)


def bdrv_make_anon(bs):
    """bdrv_make_anon: takes a node out of bdrv_states."""
    if bs.device_name != "":
        machine.bdrv_states.remove(bs)
    bs.device_name = ""


def bdrv_append(bs_new, bs_top):
    """bdrv_append: puts the contents of bs_new on top of the live chain of bs_top.

    The contents change places; bs_top then takes back what has to stay with
    the device, and bs_new, which now holds the old image, is cleared of it.
    """
    # bs_new must be anonymous
    assert bs_new.device_name == ""
    backing_file = bs_top.filename
    backing_format = bdrv_get_format(bs_top)

    swap(bs_new, bs_top)

    # dev info
    bs_top.dev_ops = bs_new.dev_ops
    bs_top.dev = bs_new.dev
    bs_top.buffer_alignment = bs_new.buffer_alignment
    bs_top.copy_on_read = bs_new.copy_on_read

    # i/o timing parameters
    bs_top.io_limits = bs_new.io_limits
    bs_top.io_limits_enabled = bs_new.io_limits_enabled

    # geometry
    bs_top.cyls = bs_new.cyls
    bs_top.heads = bs_new.heads
    bs_top.secs = bs_new.secs
    bs_top.translation = bs_new.translation

    # r/w error
    bs_top.on_read_error = bs_new.on_read_error
    bs_top.on_write_error = bs_new.on_write_error

    # i/o status
    bs_top.iostatus_enabled = bs_new.iostatus_enabled
    bs_top.iostatus = bs_new.iostatus

    # keep the same entry in bdrv_states
    bs_top.device_name = bs_new.device_name

    bs_top.backing_hd = bs_new
    bs_top.backing_file = backing_file
    bs_top.backing_format = backing_format

    # the old image is no device any more
    bs_new.device_name = ""
    bdrv_detach_dev(bs_new, bs_new.dev)
    bs_new.io_limits = [0, 0, 0, 0, 0, 0]
    bdrv_iostatus_disable(bs_new)
    bs_new.io_limits_enabled = False


def bdrv_delete(bs):
    """bdrv_delete: closes a node and frees it."""
    assert bs.dev is None
    assert bs.job is None
    assert not bs.in_use
    bdrv_make_anon(bs)
    bdrv_close(bs)
    if bs.file is not None:
        bdrv_delete(bs.file)
    free(bs)


def bdrv_attach_dev(bs, dev):
    """bdrv_attach_dev: -EBUSY where there is a device already."""
    if bs.dev is not None:
        return -EBUSY
    bs.dev = dev
    bdrv_iostatus_reset(bs)
    return 0


def bdrv_detach_dev(bs, dev):
    """bdrv_detach_dev: iostatus_enabled is left as it is."""
    assert bs.dev == dev
    bs.dev = None
    bs.dev_ops = None
    bs.buffer_alignment = 512


def bdrv_dev_has_removable_media(bs):
    """bdrv_dev_has_removable_media: a node without a device counts as removable."""
    return bs.dev is None or bs.dev_ops == "change_media_cb"


def bdrv_commit(bs):
    """bdrv_commit: the data of the top image into its backing file.

    A read-only backing node is deleted and a writable one is opened in its
    place, and another one when the data are there.
    """
    if bs.drv is None:
        return -ENOMEDIUM
    if bs.backing_hd is None:
        return -ENOTSUP
    if bs.backing_hd.keep_read_only:
        return -EACCES
    if bdrv_in_use(bs) or bdrv_in_use(bs.backing_hd):
        return -EBUSY
    backing_drv = bs.backing_hd.drv
    ro = bs.backing_hd.read_only
    filename = bs.backing_hd.filename
    open_flags = bs.backing_hd.open_flags
    if ro:
        # re-open as RW
        bdrv_delete(bs.backing_hd)
        bs.backing_hd = None
        bs_rw = bdrv_new("")
        rw_ret = bdrv_open(bs_rw, filename, open_flags | BDRV_O_RDWR, backing_drv)
        if rw_ret < 0:
            bdrv_delete(bs_rw)
            ret = bdrv_commit_reopen_ro(bs, filename, open_flags, backing_drv)
            if ret < 0:
                return ret
            return rw_ret
        bs.backing_hd = bs_rw
    ret = bdrv_commit_copy(bs)
    if ret == 0 and BLOCK_DRIVERS[bs.drv]["bdrv_make_empty"]:
        ret = bdrv_drv_make_empty(bs)
    if ro:
        # the result of this open replaces that of the copy
        bdrv_delete(bs.backing_hd)
        bs.backing_hd = None
        ret = bdrv_commit_reopen_ro(bs, filename, open_flags, backing_drv)
        if ret == 0:
            bs.backing_hd.keep_read_only = False
    return ret


def bdrv_commit_reopen_ro(bs, filename, open_flags, backing_drv):
    """bdrv_commit: a new read-only backing node; without it the drive is dead."""
    bs_ro = bdrv_new("")
    ret = bdrv_open(bs_ro, filename, open_flags & ~BDRV_O_RDWR, backing_drv)
    if ret < 0:
        bdrv_delete(bs_ro)
        bs.drv = None
        return ret
    bs.backing_hd = bs_ro
    return 0


def bdrv_commit_copy(bs):
    """bdrv_commit: the loop over what is allocated; -EIO on any trouble.

    Every copied sector is a synchronous read and write, which end throttling.
    """
    ranges = bdrv_is_allocated(bs, [[0, bdrv_getlength(bs)]])
    if len(ranges) == 0:
        return 0
    bdrv_sync_request(bs)
    bdrv_sync_request(bs.backing_hd)
    if bdrv_copy(bs, bs.backing_hd, ranges, COMMIT_BUF_SIZE) < 0:
        return -EIO
    return 0


def bdrv_commit_all():
    """bdrv_commit_all: stops at the first device that fails or has nothing to commit."""
    for bs in machine.bdrv_states:
        ret = bdrv_commit(bs)
        if ret < 0:
            return ret
    return 0


def bdrv_change_backing_file(bs, backing_file, backing_fmt):
    """bdrv_change_backing_file: rewrites the header; None stands for NULL."""
    if backing_fmt is not None and backing_file is None:
        return -EINVAL
    if not BLOCK_DRIVERS[bs.drv]["bdrv_change_backing_file"]:
        return -ENOTSUP
    if backing_file is None:
        backing_file = ""
    if backing_fmt is None:
        backing_fmt = ""
    ret = bdrv_drv_change_backing_file(bs, backing_file, backing_fmt)
    if ret == 0:
        bs.backing_file = backing_file
        bs.backing_format = backing_fmt
    return ret


def bdrv_check_byte_request(bs, offset, size):
    """bdrv_check_byte_request."""
    if not bdrv_is_inserted(bs):
        return -ENOMEDIUM
    if bs.growable:
        return 0
    if offset < 0 or offset + size > bdrv_getlength(bs):
        return -EIO
    return 0


def bdrv_sync_request(bs):
    """bdrv_rw_co: a synchronous request ends throttling (498e386c58)."""
    if bs.io_limits_enabled:
        bdrv_io_limits_disable(bs)


def bdrv_read(bs, offset, size):
    """bdrv_read: the byte that fills the range, "mixed", or a negative errno."""
    bdrv_sync_request(bs)
    if bs.drv is None:
        return -ENOMEDIUM
    if bdrv_check_byte_request(bs, offset, size) < 0:
        return -EIO
    ret, end = bdrv_co_do_readv(bs, [[offset, offset + size]], False)
    if ret < 0:
        return ret
    return disk_read(bdrv_images(bs), offset, size)


def bdrv_is_allocated(bs, ranges):
    """bdrv_is_allocated: the parts of the ranges that the image itself holds."""
    ranges = ranges_common(ranges, [[0, bs.total_sectors * BDRV_SECTOR_SIZE]])
    if len(ranges) == 0 or not BLOCK_DRIVERS[bs.drv]["bdrv_is_allocated"]:
        return ranges
    return disk_extents(bdrv_image(bs), ranges)


def bdrv_co_do_readv(bs, ranges, copy_on_read):
    """bdrv_co_do_readv: what a read changes, and how far it gets: (0 or error, offset).

    Nodes that copy on read take what they do not hold from the node below, which
    is read, and may fail, before. With `copy_on_read` bs does it in any case.
    """
    ret = 0
    end = ranges[len(ranges) - 1][1]
    copies = copy_on_read
    for node in walk(bs, "backing_hd"):
        copies = copies or node.copy_on_read > 0
    if not copies:
        return 0, end
    copying = []
    for node in walk(bs, "backing_hd"):
        if len(ranges) == 0:
            break
        holes = bdrv_co_read_holes(node, ranges)
        copies = node.copy_on_read > 0 or copy_on_read and node == bs
        failing, offset = bdrv_co_read_fails(node, ranges, holes, copies)
        if failing < 0 and offset <= end:
            ret = failing
            end = offset
        if copies:
            copying.insert(0, [node, holes])
        ranges = []
        if node.backing_hd is not None:
            ranges = ranges_common(holes, [[0, bdrv_getlength(node.backing_hd)]])
    for node, holes in copying:
        bdrv_co_do_copy_on_readv(node, ranges_common(holes, [[0, end]]))
    return ret, end


def bdrv_co_read_holes(bs, ranges):
    """bdrv_co_do_readv: what it looks for below; a node without a medium holds nothing."""
    if bs.drv is None:
        return ranges
    return ranges_without(ranges, bdrv_is_allocated(bs, ranges))


def bdrv_co_read_fails(bs, ranges, holes, copies):
    """bdrv_co_do_readv of one node: (0, 0), or the error that it comes to, and where."""
    if bs.drv is None:
        return -ENOMEDIUM, ranges[0][0]
    unread = bdrv_file_holes(bs.file, ranges_without(ranges, holes))
    if len(unread) > 0 and (len(holes) == 0 or unread[0][0] < holes[0][0]):
        return -EBADF, unread[0][0]
    if copies:
        return bdrv_co_copy_on_read_fails(bs, holes)
    return 0, 0


def bdrv_co_copy_on_read_fails(bs, holes):
    """bdrv_co_do_copy_on_readv: what it comes to where it cannot write; zeros may need no write."""
    ret = 0
    if len(holes) > 0:
        ret = bdrv_drv_writev(bs, holes[0][0])
    if ret < 0:
        for start, end in holes:
            zeros = disk_read(bdrv_images(bs), start, end - start) == 0
            if not zeros or not bdrv_drv_write_zeroes(bs, start, end):
                return ret, start
    return 0, 0


def bdrv_file_holes(file, ranges):
    """bdrv_co_do_readv of a file that copies on read itself, and cannot be written.

    It knows its size from when it was opened, and takes what was appended since
    for a hole that it has to write.
    """
    if file is None or file.copy_on_read == 0 or file.fd_flags & BDRV_O_RDWR:
        return []
    return ranges_without(ranges, file.allocated_at_open)


def bdrv_co_do_copy_on_readv(bs, holes):
    """bdrv_co_do_copy_on_readv: the driver writes, without a look at read_only."""
    if len(holes) > 0 and bdrv_image_writable(bs) == 0:
        disk_copy(bdrv_images(bs), [bdrv_image(bs)], ranges_rounded(holes, CLUSTER_SIZE))


def bdrv_copy(bs, target, ranges, size):
    """The loop of whoever copies a node: reads up to `size` bytes of a range, and writes them.

    0, or the error of the first request that fails; those before it are done.
    """
    ret, end = bdrv_co_do_writev(target, ranges)
    request = bdrv_request(ranges, end, size)
    failing, offset = bdrv_co_do_readv(bs, ranges_common(ranges, [[0, request[1]]]), False)
    if failing < 0:
        ret = failing
        request = bdrv_request(ranges, offset, size)
    if ret < 0:
        ranges = ranges_common(ranges, [[0, request[0]]])
    disk_copy(bdrv_images(bs), bdrv_images(target), ranges)
    return ret


def bdrv_request(ranges, offset, size):
    """The first request that gets beyond the offset; each range is cut from its start."""
    for start, end in ranges:
        if end > offset:
            if start < offset:
                start = start + (offset - start) // size * size
            return [start, min(start + size, end)]
    return [offset, offset]


def bdrv_co_do_writev(bs, ranges):
    """bdrv_co_do_writev: how far writes of these ranges get: (0 or error, offset)."""
    start = ranges[0][0]
    end = ranges[len(ranges) - 1][1]
    if bs.read_only:
        return -EACCES, start
    ret = bdrv_drv_writev(bs, start)
    if ret < 0:
        return ret, start
    length = bdrv_getlength(bs)
    if end > length:
        return -EIO, length
    return 0, end


def bdrv_guess_geometry(bs):
    """bdrv_guess_geometry: reads the first sector; an error does not matter."""
    bdrv_co_do_readv(bs, [[0, BDRV_SECTOR_SIZE]], False)


def bdrv_flush(bs):
    """bdrv_flush: fails where the driver cannot write what it keeps in memory."""
    if bs.cache_dirty and not bs.read_only:
        if bdrv_image_writable(bs) < 0:
            return -EIO
        bs.cache_dirty = False
    return 0


def bdrv_write(bs, offset, size, pattern):
    """bdrv_write: 0 or a negative errno."""
    bdrv_sync_request(bs)
    if bs.drv is None:
        return -ENOMEDIUM
    if bs.read_only:
        return -EACCES
    if bdrv_check_byte_request(bs, offset, size) < 0:
        return -EIO
    ret = bdrv_drv_writev(bs, offset)
    if ret < 0:
        return ret
    ret = bdrv_co_read_rest(bs, [[offset, offset + size]])
    if ret < 0:
        return ret
    disk_write(bdrv_images(bs), offset, size, pattern)
    return 0


def bdrv_co_read_rest(bs, ranges):
    """copy_sectors (qcow2), qed_read_backing_file: what fills up clusters written in part."""
    if bs.backing_hd is None or not BLOCK_DRIVERS[bs.drv]["backing_format"]:
        return 0
    rest = ranges_without(ranges_rounded(ranges, CLUSTER_SIZE), ranges)
    rest = ranges_without(rest, bdrv_is_allocated(bs, rest))
    rest = ranges_common(rest, [[0, bdrv_getlength(bs.backing_hd)]])
    if len(rest) == 0:
        return 0
    ret, end = bdrv_co_do_readv(bs.backing_hd, rest, False)
    return ret


def bdrv_truncate(bs, offset):
    """bdrv_truncate: 0 or a negative errno."""
    if bs.drv is None:
        return -ENOMEDIUM
    if not BLOCK_DRIVERS[bs.drv]["bdrv_truncate"]:
        return -ENOTSUP
    if bs.read_only:
        return -EACCES
    if bdrv_in_use(bs):
        return -EBUSY
    ret = bdrv_drv_truncate(bs, offset)
    if ret == 0:
        ret = refresh_total_sectors(bs)
    return ret


def bdrv_getlength(bs):
    """bdrv_getlength: in bytes."""
    if bs.drv is None:
        return -ENOMEDIUM
    if bs.growable or bdrv_dev_has_removable_media(bs):
        return bdrv_drv_getlength(bs)
    return bs.total_sectors * BDRV_SECTOR_SIZE


def bdrv_set_io_limits(bs, io_limits):
    """bdrv_set_io_limits: the next open puts them in force."""
    bs.io_limits = io_limits
    bs.io_limits_enabled = bdrv_io_limits_enabled(bs)


def bdrv_set_on_error(bs, on_read_error, on_write_error):
    """bdrv_set_on_error."""
    bs.on_read_error = on_read_error
    bs.on_write_error = on_write_error


def bdrv_is_read_only(bs):
    """bdrv_is_read_only."""
    return bs.read_only


def bdrv_get_format(bs):
    """bdrv_get_format: the driver's name, "" where there is no medium."""
    if bs.drv is None:
        return ""
    return bs.drv


def bdrv_find(name):
    """bdrv_find: a device by its name, or None."""
    for bs in machine.bdrv_states:
        if bs.device_name == name:
            return bs
    return None


def bdrv_find_backing_image(bs, backing_file):
    """bdrv_find_backing_image: compares with each overlay's backing_file, letter by letter."""
    if bs.drv is None:
        return None
    for overlay in walk(bs, "backing_hd"):
        if overlay.backing_hd is not None and overlay.backing_file == backing_file:
            return overlay.backing_hd
    return None


def bdrv_is_inserted(bs):
    """bdrv_is_inserted."""
    return bs.drv is not None


def bdrv_is_snapshot(bs):
    """bdrv_is_snapshot: read from the flags that the last open left."""
    return bs.open_flags & BDRV_O_SNAPSHOT != 0


def bdrv_set_in_use(bs, in_use):
    """bdrv_set_in_use: only ever called for a change."""
    assert bs.in_use != in_use
    bs.in_use = in_use


def bdrv_in_use(bs):
    """bdrv_in_use."""
    return bs.in_use


def bdrv_iostatus_enable(bs):
    """bdrv_iostatus_enable."""
    bs.iostatus_enabled = True
    bs.iostatus = BLOCK_DEVICE_IO_STATUS_OK


def bdrv_iostatus_is_enabled(bs):
    """bdrv_iostatus_is_enabled: only with an error policy that stops the machine."""
    return bs.iostatus_enabled and (
        bs.on_write_error == BLOCK_ERR_STOP_ENOSPC
        or bs.on_write_error == BLOCK_ERR_STOP_ANY
        or bs.on_read_error == BLOCK_ERR_STOP_ANY
    )


def bdrv_iostatus_disable(bs):
    """bdrv_iostatus_disable."""
    bs.iostatus_enabled = False


def bdrv_iostatus_reset(bs):
    """bdrv_iostatus_reset."""
    if bdrv_iostatus_is_enabled(bs):
        bs.iostatus = BLOCK_DEVICE_IO_STATUS_OK


def bdrv_img_create(filename, fmt, base_filename, base_fmt, img_size, flags):
    """bdrv_img_create: makes an image file; the size -1 is taken from the base."""
    drv = bdrv_find_format(fmt)
    if drv is None:
        return -EINVAL
    if bdrv_find_protocol(filename) is None:
        return -EINVAL
    if base_filename != "" and not BLOCK_DRIVERS[drv]["backing_format"]:
        return -EINVAL
    if base_filename != "" and base_filename == filename:
        return -EINVAL
    backing_drv = None
    if base_fmt != "":
        backing_drv = bdrv_find_format(base_fmt)
        if backing_drv is None:
            return -EINVAL
    if img_size == -1:
        if base_filename == "":
            return -EINVAL
        # backing files are always opened read-only
        back_flags = flags & ~(BDRV_O_RDWR | BDRV_O_SNAPSHOT | BDRV_O_NO_BACKING)
        bs = bdrv_new("")
        ret = bdrv_open(bs, base_filename, back_flags, backing_drv)
        if ret >= 0:
            img_size = bdrv_getlength(bs)
        bdrv_delete(bs)
        if ret < 0:
            return ret
    return bdrv_create(drv, filename, img_size, base_filename, base_fmt)
