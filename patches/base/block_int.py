"""The data of the block layer: flags, errors, drivers, nodes, jobs and the machine."""

# block.h: flags of an open
BDRV_O_RDWR = 0x0002
BDRV_O_SNAPSHOT = 0x0008
BDRV_O_NOCACHE = 0x0020
BDRV_O_CACHE_WB = 0x0040
BDRV_O_NATIVE_AIO = 0x0080
BDRV_O_NO_BACKING = 0x0100
BDRV_O_NO_FLUSH = 0x0200
BDRV_O_COPY_ON_READ = 0x0400
BDRV_O_INCOMING = 0x0800
BDRV_O_CACHE_MASK = BDRV_O_NOCACHE | BDRV_O_CACHE_WB | BDRV_O_NO_FLUSH

BDRV_SECTOR_SIZE = 512

# qcow2 and qed allocate in clusters of this size here
CLUSTER_SIZE = 65536

# what a table of clusters of qcow2 covers
L2_TABLE_SIZE = 536870912

# block.c: COMMIT_BUF_SECTORS, in bytes
COMMIT_BUF_SIZE = 1048576

# errno.h (Linux)
ENOENT = 2
EIO = 5
EBADF = 9
EACCES = 13
EBUSY = 16
EEXIST = 17
EINVAL = 22
ENOTSUP = 95
ENOMEDIUM = 123

# block.h: BlockErrorAction
BLOCK_ERR_REPORT = 0
BLOCK_ERR_IGNORE = 1
BLOCK_ERR_STOP_ENOSPC = 2
BLOCK_ERR_STOP_ANY = 3

BLOCK_DEVICE_IO_STATUS_OK = 0

# formats that QEMU can read only
READ_ONLY_FORMATS = ["bochs", "cloop", "dmg", "parallels"]

# What a BlockDriver of the tree offers. A protocol driver (bdrv_file_open)
# opens a name itself; a format driver reads an image in its file child.
BLOCK_DRIVERS = {
    "file": {
        "protocol_name": "file",
        "bdrv_file_open": True,
        "bdrv_create": True,
        "bdrv_truncate": True,
        "bdrv_is_allocated": False,
        "bdrv_change_backing_file": False,
        "bdrv_make_empty": False,
        "backing_format": False,
    },
    "raw": {
        "protocol_name": "",
        "bdrv_file_open": False,
        "bdrv_create": True,
        "bdrv_truncate": True,
        "bdrv_is_allocated": False,
        "bdrv_change_backing_file": False,
        "bdrv_make_empty": False,
        "backing_format": False,
    },
    "qcow2": {
        "protocol_name": "",
        "bdrv_file_open": False,
        "bdrv_create": True,
        "bdrv_truncate": True,
        "bdrv_is_allocated": True,
        "bdrv_change_backing_file": True,
        "bdrv_make_empty": True,
        "backing_format": True,
    },
    "qed": {
        "protocol_name": "",
        "bdrv_file_open": False,
        "bdrv_create": True,
        "bdrv_truncate": True,
        "bdrv_is_allocated": True,
        "bdrv_change_backing_file": True,
        "bdrv_make_empty": True,
        "backing_format": True,
    },
    "qcow": {
        "protocol_name": "",
        "bdrv_file_open": False,
        "bdrv_create": True,
        "bdrv_truncate": False,
        "bdrv_is_allocated": True,
        "bdrv_change_backing_file": False,
        "bdrv_make_empty": True,
        "backing_format": False,
    },
    "vdi": {
        "protocol_name": "",
        "bdrv_file_open": False,
        "bdrv_create": True,
        "bdrv_truncate": False,
        "bdrv_is_allocated": True,
        "bdrv_change_backing_file": False,
        "bdrv_make_empty": False,
        "backing_format": False,
    },
    "vmdk": {
        "protocol_name": "",
        "bdrv_file_open": False,
        "bdrv_create": True,
        "bdrv_truncate": False,
        "bdrv_is_allocated": True,
        "bdrv_change_backing_file": False,
        "bdrv_make_empty": False,
        "backing_format": False,
    },
    "vpc": {
        "protocol_name": "",
        "bdrv_file_open": False,
        "bdrv_create": True,
        "bdrv_truncate": False,
        "bdrv_is_allocated": False,
        "bdrv_change_backing_file": False,
        "bdrv_make_empty": False,
        "backing_format": False,
    },
    "bochs": {
        "protocol_name": "",
        "bdrv_file_open": False,
        "bdrv_create": False,
        "bdrv_truncate": False,
        "bdrv_is_allocated": False,
        "bdrv_change_backing_file": False,
        "bdrv_make_empty": False,
        "backing_format": False,
    },
    "cloop": {
        "protocol_name": "",
        "bdrv_file_open": False,
        "bdrv_create": False,
        "bdrv_truncate": False,
        "bdrv_is_allocated": False,
        "bdrv_change_backing_file": False,
        "bdrv_make_empty": False,
        "backing_format": False,
    },
    "dmg": {
        "protocol_name": "",
        "bdrv_file_open": False,
        "bdrv_create": False,
        "bdrv_truncate": False,
        "bdrv_is_allocated": False,
        "bdrv_change_backing_file": False,
        "bdrv_make_empty": False,
        "backing_format": False,
    },
    "parallels": {
        "protocol_name": "",
        "bdrv_file_open": False,
        "bdrv_create": False,
        "bdrv_truncate": False,
        "bdrv_is_allocated": False,
        "bdrv_change_backing_file": False,
        "bdrv_make_empty": False,
        "backing_format": False,
    },
}


class BlockDriverState:
    """BlockDriverState: one struct for a device, an image and a file.

    The object is the node's identity; its contents travel in bdrv_append.
    """

    # contents: the medium
    total_sectors: int = 0
    read_only: bool = False
    keep_read_only: bool = False
    open_flags: int = 0
    copy_on_read: int = 0
    drv: str = None
    fd: int = 0
    fd_flags: int = 0
    allocated_at_open: list = []
    cache_dirty: bool = False
    dev: str = None
    dev_ops: str = None
    filename: str = ""
    backing_file: str = ""
    backing_format: str = ""
    is_temporary: bool = False
    backing_hd: BlockDriverState = None
    file: BlockDriverState = None
    io_limits: list = [0, 0, 0, 0, 0, 0]
    io_limits_enabled: bool = False
    growable: bool = False
    buffer_alignment: int = 0
    enable_write_cache: bool = False
    cyls: int = 0
    heads: int = 0
    secs: int = 0
    translation: int = 0
    on_read_error: int = 0
    on_write_error: int = 0
    iostatus_enabled: bool = False
    iostatus: int = 0
    device_name: str = ""
    dirty_bitmaps: int = 0
    in_use: bool = False
    job: BlockJob = None


class BlockJob:
    """BlockJob, and the fields of the kinds of job."""

    job_type: str = ""
    bs: BlockDriverState = None
    speed: int = 0
    cancelled: bool = False
    base: BlockDriverState = None
    backing_file_id: str = ""


class DriveInfo:
    """DriveInfo (blockdev.h): what -drive remembers of a drive."""

    id: str = ""
    bdrv: BlockDriverState = None
    type: str = ""
    bus: int = 0
    unit: int = 0
    media_cd: bool = False


class Machine:
    """The globals of the program, and the devices that were plugged."""

    bdrv_states: list = []
    drives: list = []
    snapshot: bool = False
