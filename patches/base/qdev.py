"""Devices that take a drive, and the requests of a guest behind them."""

# What each device model does to the drive it is given (its init function):
# whether it has a tray or a slot (change_media_cb), keeps an I/O status, the
# alignment it asks for (0: it does not set it), and whether it guesses the
# geometry, for which it reads the first sector.
DEVICES = {
    "virtio-blk-pci": {
        "change_media_cb": False,
        "empty": False,
        "read_only": True,
        "iostatus": True,
        "alignment": 512,
        "geometry": True,
    },
    "scsi-hd": {
        "change_media_cb": False,
        "empty": False,
        "read_only": True,
        "iostatus": True,
        "alignment": 512,
        "geometry": False,
    },
    "scsi-cd": {
        "change_media_cb": True,
        "empty": True,
        "read_only": True,
        "iostatus": True,
        "alignment": 2048,
        "geometry": False,
    },
    "ide-hd": {
        "change_media_cb": False,
        "empty": False,
        "read_only": False,
        "iostatus": True,
        "alignment": 0,
        "geometry": True,
    },
    "ide-cd": {
        "change_media_cb": True,
        "empty": True,
        "read_only": True,
        "iostatus": True,
        "alignment": 2048,
        "geometry": True,
    },
    "isa-fdc": {
        "change_media_cb": True,
        "empty": True,
        "read_only": True,
        "iostatus": False,
        "alignment": 0,
        "geometry": False,
    },
}


def cli_device(arguments):
    """-device: plugs a device and attaches it to its drive; others have no drive."""
    driver, comma, rest = arguments.partition(",")
    for item in qemu_opts_split(rest):
        name, equals, value = item.partition("=")
        if driver in DEVICES and name in ["drive", "driveA", "driveB"]:
            qdev_attach(driver, value)


def qdev_attach(driver, name):
    """parse_drive, then the device's init function."""
    bs = bdrv_find(name)
    if bs is None:
        error_check(error_command_failed("drive not found"))
    if bdrv_attach_dev(bs, driver) < 0:
        error_check(error_command_failed("drive is in use already"))
    device = DEVICES[driver]
    if not device["empty"] and not bdrv_is_inserted(bs):
        error_check(error_command_failed("Device needs media, but drive is empty"))
    if not device["read_only"] and bdrv_is_read_only(bs):
        error_check(error_command_failed("Can't use a read-only drive"))
    if driver == "isa-fdc" and bs.on_write_error != BLOCK_ERR_STOP_ENOSPC:
        error_check(error_command_failed("fdc doesn't support drive option werror"))
    if driver == "isa-fdc" and bs.on_read_error != BLOCK_ERR_REPORT:
        error_check(error_command_failed("fdc doesn't support drive option rerror"))
    if device["geometry"]:
        bdrv_guess_geometry(bs)
    if device["change_media_cb"]:
        bs.dev_ops = "change_media_cb"
    if device["alignment"] != 0:
        bs.buffer_alignment = device["alignment"]
    if device["iostatus"]:
        bdrv_iostatus_enable(bs)


def guest_find(device):
    """The drive of a guest's request."""
    bs = bdrv_find(device)
    if bs is None:
        refuse("DeviceNotFound", "There is no drive " + device)
    return bs


def guest_read(device, sector, sectors):
    """A guest's read: the byte that fills the range, or "mixed"."""
    bs = guest_find(device)
    ret = bdrv_read(bs, sector * BDRV_SECTOR_SIZE, sectors * BDRV_SECTOR_SIZE)
    if ret != "mixed" and ret < 0:
        fail(ret)
    return {"pattern": ret}


def guest_write(device, sector, sectors, pattern):
    """A guest's write of one byte over the range."""
    bs = guest_find(device)
    ret = bdrv_write(bs, sector * BDRV_SECTOR_SIZE, sectors * BDRV_SECTOR_SIZE, pattern)
    if ret < 0:
        fail(ret)
    return None


def internal_close_open(device, depth):
    """Closes a node and opens it on its own filename, flags and driver.

    No function of these trees does it; code outside the tree once did, and
    3a389e79 was written for it.
    """
    bs = bdrv_find(device)
    for level in range(depth):
        if bs is not None:
            bs = bs.backing_hd
    if bs is None or bs.drv is None:
        refuse("DeviceNotFound", "There is no open node at this depth of " + device)
    filename = bs.filename
    flags = bs.open_flags
    drv = bs.drv
    bdrv_close(bs)
    ret = bdrv_open(bs, filename, flags, drv)
    if ret < 0:
        fail(ret)
    return None
