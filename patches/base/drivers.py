"""The block drivers: raw-posix.c (file), raw.c, qcow2.c and qed.c."""


def raw_open_common(bs, filename, bdrv_flags):
    """raw_open_common (raw-posix.c): open(2), for writing with RDWR only."""
    fd = disk_open(filename)
    if fd < 0:
        return fd
    bs.fd = fd
    bs.fd_flags = bdrv_flags & (BDRV_O_RDWR | BDRV_O_NOCACHE)
    bs.allocated_at_open = []
    if bs.copy_on_read > 0:
        bs.allocated_at_open = disk_extents(fd, [[0, disk_size(fd)]])
    return 0


def raw_open(bs, flags):
    """raw_open (raw.c): any file is a raw image."""
    return 0


def qcow2_open(bs, flags):
    """qcow2_open: backing_format is written only where the header has one."""
    fd = bs.file.fd
    if disk_format(fd) != "qcow2":
        return -EINVAL
    bs.total_sectors = disk_size(fd) // BDRV_SECTOR_SIZE
    bs.backing_file = disk_backing_file(fd)
    if disk_backing_format(fd) != "":
        bs.backing_format = disk_backing_format(fd)
    return 0


def bdrv_qed_open(bs, flags):
    """bdrv_qed_open: the header can only say that the backing file is raw."""
    fd = bs.file.fd
    if disk_format(fd) != "qed":
        return -EINVAL
    bs.total_sectors = disk_size(fd) // BDRV_SECTOR_SIZE
    bs.backing_file = disk_backing_file(fd)
    if disk_backing_format(fd) == "raw":
        bs.backing_format = "raw"
    return 0


def other_open(bs, flags):
    """qcow_open, vdi_open, vmdk_open, vpc_open: their size and backing file, no more."""
    fd = bs.file.fd
    if disk_format(fd) != bs.drv:
        return -EINVAL
    if bs.drv in READ_ONLY_FORMATS:
        bs.read_only = True
    bs.total_sectors = disk_size(fd) // BDRV_SECTOR_SIZE
    bs.backing_file = disk_backing_file(fd)
    return 0


def bdrv_drv_file_open(bs, filename, flags):
    """drv->bdrv_file_open."""
    return raw_open_common(bs, filename, flags)


def bdrv_drv_open(bs, flags):
    """drv->bdrv_open."""
    if bs.drv == "raw":
        return raw_open(bs, flags)
    if bs.drv == "qcow2":
        return qcow2_open(bs, flags)
    if bs.drv == "qed":
        return bdrv_qed_open(bs, flags)
    return other_open(bs, flags)


def bdrv_drv_getlength(bs):
    """drv->bdrv_getlength; in bytes."""
    if bs.drv == "file":
        return disk_size(bs.fd)
    if bs.drv == "raw":
        return bdrv_getlength(bs.file)
    return bs.total_sectors * BDRV_SECTOR_SIZE


def bdrv_drv_truncate(bs, offset):
    """drv->bdrv_truncate: qcow2 and qed only grow, by whole sectors."""
    if bs.drv == "file":
        disk_resize(bs.fd, offset)
        return 0
    if bs.drv == "raw":
        return bdrv_truncate(bs.file, offset)
    if offset % BDRV_SECTOR_SIZE != 0:
        return -EINVAL
    if offset < bs.total_sectors * BDRV_SECTOR_SIZE:
        return -ENOTSUP
    if bs.file.read_only:
        return -EACCES
    disk_resize(bs.file.fd, offset)
    bs.total_sectors = offset // BDRV_SECTOR_SIZE
    return 0


def bdrv_drv_write_zeroes(bs, start, end):
    """drv->bdrv_co_write_zeroes, where the file can't be written: whether it returns all the same.

    qcow2 marks clusters as zeros in tables that it keeps in memory, if it has them.
    """
    if bs.drv != "qcow2":
        return False
    tables = ranges_rounded([[start, end]], L2_TABLE_SIZE)
    there = ranges_rounded(disk_extents(bdrv_image(bs), tables), L2_TABLE_SIZE)
    return len(ranges_without(tables, there)) == 0


def bdrv_drv_make_empty(bs):
    """drv->bdrv_make_empty: a stub in qcow2, -ENOTSUP in qed."""
    if bs.drv == "qed":
        return -ENOTSUP
    return 0


def bdrv_drv_change_backing_file(bs, backing_file, backing_fmt):
    """drv->bdrv_change_backing_file: qcow2 changes its memory before the header."""
    if bs.drv == "qcow2":
        bs.backing_file = backing_file
        bs.backing_format = backing_fmt
    if bs.file.read_only:
        return -EACCES
    disk_set_backing(bs.file.fd, backing_file, backing_fmt)
    return 0


def bdrv_probe(bs):
    """drv->bdrv_probe: the format that the file's first bytes tell."""
    return disk_format(bs.fd)


def bdrv_image(bs):
    """The inode that holds the data of a node."""
    if bs.file is not None:
        return bdrv_image(bs.file)
    return bs.fd


def bdrv_images(bs):
    """The inodes that a read of the node falls through, top first."""
    images = []
    for node in walk(bs, "backing_hd"):
        if node.drv is not None:
            images.append(bdrv_image(node))
    return images


def bdrv_image_writable(bs):
    """Whether a write gets through the file below: 0 or a negative errno."""
    if bs.file is not None:
        if bs.file.read_only:
            return -EACCES
        return bdrv_image_writable(bs.file)
    if not bs.fd_flags & BDRV_O_RDWR:
        return -EBADF
    return 0


def bdrv_drv_writev(bs, offset):
    """drv->bdrv_co_writev: 0, or the error of a write at that offset.

    Where a new cluster is needed, qcow2 is left with a table in memory that it cannot write.
    """
    ret = bdrv_image_writable(bs)
    if ret == -EACCES and bs.drv == "qcow2":
        bs.cache_dirty = bs.cache_dirty or disk_extents(bs.file.fd, [[offset, offset + 1]]) == []
    return ret
