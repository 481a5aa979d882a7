"""blockdev.c: drives, and the monitor's commands on them."""

# vl.c: if_name, and if_max_devs (0: as many as one likes)
IF_MAX_DEVS = {
    "none": 0,
    "ide": 2,
    "scsi": 7,
    "floppy": 0,
    "pflash": 0,
    "mtd": 0,
    "sd": 0,
    "virtio": 0,
    "xen": 0,
}

# qemu-config.c: qemu_drive_opts
QEMU_DRIVE_OPTS = {
    "id": "str",
    "bus": "int",
    "unit": "int",
    "if": "str",
    "index": "int",
    "cyls": "int",
    "heads": "int",
    "secs": "int",
    "trans": "str",
    "media": "str",
    "snapshot": "bool",
    "file": "str",
    "cache": "str",
    "aio": "str",
    "format": "str",
    "serial": "str",
    "rerror": "str",
    "werror": "str",
    "addr": "str",
    "readonly": "bool",
    "iops": "int",
    "iops_rd": "int",
    "iops_wr": "int",
    "bps": "int",
    "bps_rd": "int",
    "bps_wr": "int",
    "copy-on-read": "bool",
}


# qapi-schema.json: BlockdevSnapshot
BLOCKDEV_SNAPSHOT = {
    "device": "str",
    "snapshot-file": "str",
    "format": "str?",
    "mode": "NewImageMode?",
}


def drive_get(type, bus, unit):
    """drive_get: the drive at a place of a bus, or None."""
    for dinfo in machine.drives:
        if dinfo.type == type and dinfo.bus == bus and dinfo.unit == unit:
            return dinfo
    return None


def drive_get_by_blockdev(bs):
    """drive_get_by_blockdev."""
    for dinfo in machine.drives:
        if dinfo.bdrv == bs:
            return dinfo
    return None


def drive_uninit(dinfo):
    """drive_uninit: deletes the drive and its node."""
    bdrv_delete(dinfo.bdrv)
    machine.drives.remove(dinfo)
    free(dinfo)


def parse_block_error_action(buf, is_read):
    """parse_block_error_action: -1 where the action is unknown."""
    if buf == "ignore":
        return BLOCK_ERR_IGNORE
    if not is_read and buf == "enospc":
        return BLOCK_ERR_STOP_ENOSPC
    if buf == "stop":
        return BLOCK_ERR_STOP_ANY
    if buf == "report":
        return BLOCK_ERR_REPORT
    return -1


def do_check_io_limits(io_limits):
    """do_check_io_limits: a total excludes limits on reads and writes."""
    bps_flag = io_limits[0] != 0 and (io_limits[1] != 0 or io_limits[2] != 0)
    iops_flag = io_limits[3] != 0 and (io_limits[4] != 0 or io_limits[5] != 0)
    return not bps_flag and not iops_flag


def drive_fail(text):
    """drive_init: error_report, and no drive."""
    error_check(error_command_failed(text))


def drive_io_limits(opts):
    """drive_init: the six limits in the order total, read, write; bps, then iops."""
    return [
        opts.get("bps", 0),
        opts.get("bps_rd", 0),
        opts.get("bps_wr", 0),
        opts.get("iops", 0),
        opts.get("iops_rd", 0),
        opts.get("iops_wr", 0),
    ]


def drive_check_geometry(opts, type):
    """drive_init: the limits of CHS, and what trans needs."""
    cyls = opts.get("cyls", 0)
    heads = opts.get("heads", 0)
    secs = opts.get("secs", 0)
    if cyls != 0 or heads != 0 or secs != 0:
        if cyls < 1 or type == "ide" and cyls > 16383:
            drive_fail("invalid physical cyls number")
        if heads < 1 or type == "ide" and heads > 16:
            drive_fail("invalid physical heads number")
        if secs < 1 or type == "ide" and secs > 63:
            drive_fail("invalid physical secs number")
    if "trans" in opts:
        if cyls == 0:
            drive_fail("trans must be used with cyls, heads and secs")
        if opts["trans"] not in ["none", "lba", "auto"]:
            drive_fail("invalid translation type")
    media = opts.get("media", "disk")
    if media not in ["disk", "cdrom"]:
        drive_fail("invalid media")
    if media == "cdrom" and (cyls != 0 or heads != 0 or secs != 0):
        drive_fail("CHS can't be set with media=cdrom")


def drive_error_action(opts, name, type, is_read, default):
    """drive_init: rerror or werror, which not every bus takes."""
    if name not in opts:
        return default
    if type not in ["ide", "scsi", "virtio", "none"]:
        drive_fail(name + " is not supported by this bus type")
    action = parse_block_error_action(opts[name], is_read)
    if action < 0:
        drive_fail("invalid error action")
    return action


def drive_place(opts, type):
    """drive_init: (bus, unit), given, by index, or the first that is free."""
    bus_id = opts.get("bus", 0)
    unit_id = opts.get("unit", -1)
    index = opts.get("index", -1)
    max_devs = IF_MAX_DEVS[type]
    if index != -1:
        if bus_id != 0 or unit_id != -1:
            drive_fail("index cannot be used with bus and unit")
        if max_devs == 0:
            unit_id = index
        else:
            bus_id = index // max_devs
            unit_id = index % max_devs
    if unit_id == -1:
        unit_id = 0
        for dinfo in machine.drives:
            if drive_get(type, bus_id, unit_id) is None:
                break
            unit_id = unit_id + 1
            if max_devs != 0 and unit_id >= max_devs:
                unit_id = unit_id - max_devs
                bus_id = bus_id + 1
    if max_devs != 0 and unit_id >= max_devs:
        drive_fail("unit too big")
    if drive_get(type, bus_id, unit_id) is not None:
        drive_fail("a drive with this bus and unit exists")
    return bus_id, unit_id


def drive_id(opts, type, bus_id, unit_id):
    """drive_init: the id given, or one made up."""
    if "id" in opts:
        return opts["id"]
    mediastr = ""
    if type == "ide" or type == "scsi":
        mediastr = "-hd"
        if opts.get("media", "disk") == "cdrom":
            mediastr = "-cd"
    if IF_MAX_DEVS[type] != 0:
        return type + str(bus_id) + mediastr + str(unit_id)
    return type + mediastr + str(unit_id)


def drive_init(opts):
    """drive_init: makes a drive, opens its medium, or refuses."""
    type = opts.get("if", "ide")
    snapshot = opts.get("snapshot", False)
    ro = opts.get("readonly", False)
    copy_on_read = opts.get("copy-on-read", False)
    file = opts.get("file", "")
    media = opts.get("media", "disk")
    if type not in IF_MAX_DEVS:
        drive_fail("unsupported bus type")
    drive_check_geometry(opts, type)

    bdrv_flags = 0
    if "cache" in opts:
        ret, bdrv_flags = bdrv_parse_cache_flags(opts["cache"], bdrv_flags)
        if ret != 0:
            drive_fail("invalid cache option")
    if "aio" in opts:
        if opts["aio"] == "native":
            bdrv_flags = bdrv_flags | BDRV_O_NATIVE_AIO
        elif opts["aio"] != "threads":
            drive_fail("invalid aio option")
    drv = None
    if "format" in opts:
        drv = bdrv_find_whitelisted_format(opts["format"])
        if drv is None:
            drive_fail("invalid format")
    io_limits = drive_io_limits(opts)
    if not do_check_io_limits(io_limits):
        drive_fail("bps(iops) and bps_rd/bps_wr(iops_rd/iops_wr) cannot be used at the same time")
    on_write_error = drive_error_action(opts, "werror", type, False, BLOCK_ERR_STOP_ENOSPC)
    on_read_error = drive_error_action(opts, "rerror", type, True, BLOCK_ERR_REPORT)
    if "addr" in opts and type != "virtio":
        drive_fail("addr is not supported by this bus type")
    bus_id, unit_id = drive_place(opts, type)

    id = drive_id(opts, type, bus_id, unit_id)
    for dinfo in machine.drives:
        if dinfo.id == id:
            drive_fail("there is a drive with this id already")
    dinfo = new(DriveInfo)
    dinfo.id = id
    dinfo.bdrv = bdrv_new(dinfo.id)
    dinfo.type = type
    dinfo.bus = bus_id
    dinfo.unit = unit_id
    machine.drives.append(dinfo)
    bdrv_set_on_error(dinfo.bdrv, on_read_error, on_write_error)
    bdrv_set_io_limits(dinfo.bdrv, io_limits)
    if type in ["ide", "scsi", "xen", "none"]:
        if media == "disk":
            dinfo.bdrv.cyls = opts.get("cyls", 0)
            dinfo.bdrv.heads = opts.get("heads", 0)
            dinfo.bdrv.secs = opts.get("secs", 0)
            if "trans" in opts:
                dinfo.bdrv.translation = ["auto", "none", "lba"].index(opts["trans"])
        else:
            dinfo.media_cd = True
    if file == "":
        return dinfo

    if snapshot:
        # always use cache=unsafe with snapshot
        bdrv_flags = bdrv_flags & ~BDRV_O_CACHE_MASK
        bdrv_flags = bdrv_flags | BDRV_O_SNAPSHOT | BDRV_O_CACHE_WB | BDRV_O_NO_FLUSH
    if copy_on_read:
        bdrv_flags = bdrv_flags | BDRV_O_COPY_ON_READ
    if media == "cdrom":
        # CDROM is fine for any interface
        ro = True
    elif ro and type not in ["scsi", "virtio", "floppy", "none", "pflash"]:
        drive_uninit(dinfo)
        drive_fail("readonly not supported by this bus type")
    if not ro:
        bdrv_flags = bdrv_flags | BDRV_O_RDWR
    ret = bdrv_open(dinfo.bdrv, file, bdrv_flags, drv)
    if ret < 0:
        drive_uninit(dinfo)
        drive_fail("could not open disk image " + file)
    return dinfo


def hmp_commit(arguments):
    """do_commit: of all errors it reports DeviceNotFound and -EBUSY only."""
    device = arguments
    if device == "all":
        ret = bdrv_commit_all()
    else:
        bs = bdrv_find(device)
        if bs is None:
            error_check(error_device_not_found(device))
        ret = bdrv_commit(bs)
    if ret == -EBUSY:
        error_check(error_device_in_use(device))


def qmp_blockdev_snapshot_sync(arguments):
    """qmp_blockdev_snapshot_sync: a transaction of one action."""
    qmp_check_args(arguments, BLOCKDEV_SNAPSHOT)
    error_check(transaction([arguments]))


def qmp_transaction(arguments):
    """qmp_transaction, with the types of its actions checked first."""
    qmp_check_args(arguments, {"actions": "list"})
    actions = []
    for action in arguments["actions"]:
        if type_of(action) != "dict":
            error_check(error_invalid_parameter_type("actions"))
        qmp_check_members(action, {"type": "str", "data": "dict"})
        if action["type"] not in ["blockdev-snapshot-sync"]:
            error_check(error_invalid_parameter(action["type"]))
        qmp_check_members(action["data"], BLOCKDEV_SNAPSHOT)
        actions.append(action["data"])
    error_check(transaction(actions))


def transaction(actions):
    """qmp_transaction: nothing is pivoted before all is ready; the error, or None."""
    states = []
    for action in actions:
        error, old_bs, new_bs = external_snapshot_prepare(action)
        if new_bs is not None:
            states.append([old_bs, new_bs])
        if error is not None:
            # all or none: abandon each new bs, keep the originals
            for old_bs, new_bs in states:
                bdrv_delete(new_bs)
            return error
    for old_bs, new_bs in states:
        bdrv_append(new_bs, old_bs)
    return None


def external_snapshot_prepare(snapshot):
    """qmp_transaction's first loop: (error, old node, new node)."""
    device = snapshot["device"]
    new_image_file = snapshot["snapshot-file"]
    format = snapshot.get("format", "qcow2")
    mode = snapshot.get("mode", "absolute-paths")
    drv = bdrv_find_format(format)
    if drv is None:
        return error_invalid_block_format(format), None, None
    old_bs = bdrv_find(device)
    if old_bs is None:
        return error_device_not_found(device), None, None
    if not bdrv_is_inserted(old_bs):
        return error_device_has_no_medium(device), None, None
    if bdrv_in_use(old_bs):
        return error_device_in_use(device), None, None
    if not bdrv_is_read_only(old_bs):
        if bdrv_flush(old_bs) < 0:
            return error_io_error(), None, None
    flags = old_bs.open_flags
    if bdrv_find_protocol(new_image_file) is None:
        return error_invalid_block_format(format), None, None
    # create new image w/backing file
    if mode != "existing":
        ret = bdrv_img_create(
            new_image_file,
            format,
            old_bs.filename,
            old_bs.drv,
            -1,
            flags,
        )
        if ret != 0:
            return error_open_file_failed(new_image_file), None, None
    # the backing link is made by the append
    new_bs = bdrv_new("")
    ret = bdrv_open(new_bs, new_image_file, flags | BDRV_O_NO_BACKING, drv)
    if ret != 0:
        return error_open_file_failed(new_image_file), old_bs, new_bs
    return None, old_bs, new_bs


def eject_device(bs):
    """eject_device: no guest locks its tray here, so force changes nothing."""
    if bdrv_in_use(bs):
        return error_device_in_use(bs.device_name)
    if not bdrv_dev_has_removable_media(bs):
        return error_device_not_removable(bs.device_name)
    bdrv_close(bs)
    return None


def qmp_eject(arguments):
    """qmp_eject."""
    qmp_check_args(
        arguments,
        {
            "device": "str",
            "force": "bool?",
        },
    )
    bs = bdrv_find(arguments["device"])
    if bs is None:
        error_check(error_device_not_found(arguments["device"]))
    error_check(eject_device(bs))


def qmp_block_passwd(arguments):
    """qmp_block_passwd: none of these images is encrypted."""
    qmp_check_args(
        arguments,
        {
            "device": "str",
            "password": "str",
        },
    )
    bs = bdrv_find(arguments["device"])
    if bs is None:
        error_check(error_device_not_found(arguments["device"]))
    error_check(error_device_not_encrypted(arguments["device"]))


def qmp_bdrv_open_encrypted(bs, filename, bdrv_flags, drv):
    """qmp_bdrv_open_encrypted: none of these images is encrypted."""
    if bdrv_open(bs, filename, bdrv_flags, drv) < 0:
        return error_open_file_failed(filename)
    return None


def qmp_change(arguments):
    """qmp_change_blockdev: of the old medium's flags only SNAPSHOT is kept, and read_only."""
    qmp_check_args(
        arguments,
        {
            "device": "str",
            "target": "str",
            "arg": "str?",
        },
    )
    device = arguments["device"]
    bs = bdrv_find(device)
    if bs is None:
        error_check(error_device_not_found(device))
    drv = None
    if "arg" in arguments:
        drv = bdrv_find_whitelisted_format(arguments["arg"])
        if drv is None:
            error_check(error_invalid_block_format(arguments["arg"]))
    error_check(eject_device(bs))
    bdrv_flags = 0
    if not bdrv_is_read_only(bs):
        bdrv_flags = bdrv_flags | BDRV_O_RDWR
    if bdrv_is_snapshot(bs):
        bdrv_flags = bdrv_flags | BDRV_O_SNAPSHOT
    error_check(qmp_bdrv_open_encrypted(bs, arguments["target"], bdrv_flags, drv))


def qmp_block_set_io_throttle(arguments):
    """qmp_block_set_io_throttle: works without a medium."""
    qmp_check_args(
        arguments,
        {
            "device": "str",
            "bps": "int",
            "bps_rd": "int",
            "bps_wr": "int",
            "iops": "int",
            "iops_rd": "int",
            "iops_wr": "int",
        },
    )
    bs = bdrv_find(arguments["device"])
    if bs is None:
        error_check(error_device_not_found(arguments["device"]))
    io_limits = drive_io_limits(arguments)
    if not do_check_io_limits(io_limits):
        error_check(error_invalid_parameter_combination())
    bs.io_limits = io_limits
    if not bs.io_limits_enabled and bdrv_io_limits_enabled(bs):
        bdrv_io_limits_enable(bs)
    elif bs.io_limits_enabled and not bdrv_io_limits_enabled(bs):
        bdrv_io_limits_disable(bs)


def hmp_drive_del(arguments):
    """do_drive_del: with a device attached the node stays, closed and without a name."""
    bs = bdrv_find(arguments)
    if bs is None:
        error_check(error_device_not_found(arguments))
    if bdrv_in_use(bs):
        error_check(error_device_in_use(arguments))
    bdrv_close(bs)
    if bs.dev is not None:
        bdrv_make_anon(bs)
    else:
        drive_uninit(drive_get_by_blockdev(bs))


def qmp_block_resize(arguments):
    """qmp_block_resize."""
    qmp_check_args(
        arguments,
        {
            "device": "str",
            "size": "int",
        },
    )
    device = arguments["device"]
    bs = bdrv_find(device)
    if bs is None:
        error_check(error_device_not_found(device))
    if arguments["size"] < 0:
        error_check(error_invalid_parameter_value("size"))
    ret = bdrv_truncate(bs, arguments["size"])
    if ret == -ENOMEDIUM:
        error_check(error_device_has_no_medium(device))
    if ret == -ENOTSUP:
        error_check(error_unsupported())
    if ret == -EACCES:
        error_check(error_device_is_read_only(device))
    if ret == -EBUSY:
        error_check(error_device_in_use(device))
    if ret != 0:
        error_check(error_undefined_error())


def qmp_block_stream(arguments):
    """qmp_block_stream."""
    qmp_check_args(
        arguments,
        {
            "device": "str",
            "base": "str?",
            "speed": "int?",
        },
    )
    bs = bdrv_find(arguments["device"])
    if bs is None:
        error_check(error_device_not_found(arguments["device"]))
    base_bs = None
    base = arguments.get("base", "")
    if "base" in arguments:
        base_bs = bdrv_find_backing_image(bs, base)
        if base_bs is None:
            error_check(error_base_not_found(base))
    error_check(stream_start(bs, base_bs, base, arguments.get("speed", 0)))


def find_block_job(device):
    """find_block_job."""
    bs = bdrv_find(device)
    if bs is None:
        return None
    return bs.job


def qmp_block_job_set_speed(arguments):
    """qmp_block_job_set_speed."""
    qmp_check_args(
        arguments,
        {
            "device": "str",
            "speed": "int",
        },
    )
    job = find_block_job(arguments["device"])
    if job is None:
        error_check(error_device_not_active(arguments["device"]))
    if arguments["speed"] < 0:
        error_check(error_invalid_parameter("speed"))
    job.speed = arguments["speed"]


def qmp_block_job_cancel(arguments):
    """qmp_block_job_cancel."""
    qmp_check_args(arguments, {"device": "str"})
    job = find_block_job(arguments["device"])
    if job is None:
        error_check(error_device_not_active(arguments["device"]))
    block_job_cancel(job)
