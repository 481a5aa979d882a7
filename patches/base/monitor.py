"""monitor.c and hmp.c: arguments of commands, and the human monitor."""

# qapi-schema.json: NewImageMode
NEW_IMAGE_MODE = [
    "existing",
    "absolute-paths",
]


def qmp_type_matches(value, kind):
    """Whether a JSON value has the type that the schema asks for."""
    if kind == "str":
        return type_of(value) == "str"
    if kind == "int":
        return type_of(value) == "int"
    if kind == "bool":
        return type_of(value) == "bool"
    if kind == "list":
        return type_of(value) == "list"
    if kind == "dict":
        return type_of(value) == "dict"
    return type_of(value) == "str"


def qmp_check_args(arguments, schema):
    """qmp_check_client_args and the readers made from the schema.

    A type that ends in "?" is that of an optional argument.
    """
    for name in schema:
        if name not in arguments and not schema[name].endswith("?"):
            error_check(error_missing_parameter(name))
    for name in arguments:
        if name not in schema:
            error_check(error_invalid_parameter(name))
    qmp_check_types(arguments, schema)


def qmp_check_members(data, schema):
    """The readers made from the schema, of an object inside the arguments.

    What is missing is to them (qmp_input_type_str) nothing of the right type.
    """
    for name in schema:
        if name not in data and not schema[name].endswith("?"):
            error_check(error_invalid_parameter_type(name))
    qmp_check_types(data, schema)
    for name in data:
        if name not in schema:
            error_check(error_qmp_extra_member(name))


def qmp_check_types(arguments, schema):
    """Whether the values have the types and words of the schema."""
    for name in schema:
        kind = schema[name]
        if name in arguments and not qmp_type_matches(arguments[name], kind.partition("?")[0]):
            error_check(error_invalid_parameter_type(name))
    if schema.get("mode", "") == "NewImageMode?":
        if arguments.get("mode", "existing") not in NEW_IMAGE_MODE:
            error_check(error_invalid_parameter("mode"))


def qemu_opts_split(text):
    """qemu_opts_parse: the items of a=b,c=d, where ",," is a comma in a value."""
    items = []
    current = ""
    skip = False
    for index in range(len(text)):
        if skip:
            skip = False
        elif text[index] != ",":
            current = current + text[index]
        elif text[index : index + 2] == ",,":
            current = current + ","
            skip = True
        else:
            items.append(current)
            current = ""
    if current != "":
        items.append(current)
    return items


def qemu_opts_parse(text, desc):
    """qemu_opts_parse: the options of one object, typed as desc says."""
    opts = {}
    for item in qemu_opts_split(text):
        name, equals, value = item.partition("=")
        if equals == "":
            # a word alone stands for on, or off behind "no"
            value = "on"
            if name.startswith("no"):
                name = name[2:]
                value = "off"
        if name not in desc:
            error_check(error_invalid_parameter(name))
        opts[name] = qemu_opt_value(name, value, desc[name])
    return opts


def qemu_opt_value(name, value, kind):
    """qemu_opt_parse: an option's text as its type."""
    if kind == "bool":
        if value not in ["on", "off"]:
            error_check(error_invalid_parameter_value(name))
        return value == "on"
    if kind == "int":
        if not is_number(value):
            error_check(error_invalid_parameter_value(name))
        return int(value)
    return value


def cli_drive(arguments):
    """-drive; with -snapshot every drive that does not say otherwise is snapshot=on."""
    opts = qemu_opts_parse(arguments, QEMU_DRIVE_OPTS)
    if machine.snapshot and "snapshot" not in opts:
        opts["snapshot"] = True
    drive_init(opts)


def cli_snapshot(arguments):
    """-snapshot (drive_enable_snapshot in vl.c)."""
    machine.snapshot = True


def hmp_drive_add(arguments):
    """drive_hot_add: the option string behind the PCI address; if=none only."""
    opts = qemu_opts_parse(arguments.partition(" ")[2], QEMU_DRIVE_OPTS)
    dinfo = drive_init(opts)
    if dinfo.type != "none":
        drive_uninit(dinfo)
        error_check(error_command_failed("Can't hot-add drive to this type"))


def hmp_snapshot_blkdev(arguments):
    """hmp_snapshot_blkdev: -n reuses a file that exists."""
    words = arguments.split()
    mode = "absolute-paths"
    if len(words) > 0 and words[0] == "-n":
        mode = "existing"
        words = words[1:]
    if len(words) < 2:
        error_check(error_missing_parameter("snapshot-file"))
    snapshot = {
        "device": words[0],
        "snapshot-file": words[1],
        "mode": mode,
    }
    if len(words) > 2:
        snapshot["format"] = words[2]
    qmp_blockdev_snapshot_sync(snapshot)


def hmp_eject(arguments):
    """hmp_eject."""
    words = arguments.split()
    if len(words) == 0:
        error_check(error_missing_parameter("device"))
    qmp_eject({"device": words[len(words) - 1], "force": words[0] == "-f"})


def hmp_block_resize(arguments):
    """hmp_block_resize: the size may end in a unit, and without one is in MiB."""
    device, space, size = arguments.partition(" ")
    qmp_block_resize({"device": device, "size": strtosz(size)})


def hmp_block_set_io_throttle(arguments):
    """hmp_block_set_io_throttle: a device and its six limits."""
    words = arguments.split()
    limits = ["bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"]
    if len(words) != 7:
        error_check(error_missing_parameter("device"))
    throttle = {"device": words[0]}
    for index in range(len(limits)):
        if not is_number(words[index + 1]):
            error_check(error_invalid_parameter_value(limits[index]))
        throttle[limits[index]] = int(words[index + 1])
    qmp_block_set_io_throttle(throttle)


def strtosz(text):
    """strtosz: bytes, of a number without a fraction."""
    units = {"b": 1, "k": 1024, "m": 1048576, "g": 1073741824, "t": 1099511627776}
    unit = text[len(text) - 1 :].lower()
    number = text
    if unit in units:
        number = text[: len(text) - 1]
    if not is_number(number):
        error_check(error_invalid_parameter_value("size"))
    return int(number) * units.get(unit, 1048576)


def is_number(text):
    """Whether a text is a decimal number that int reads."""
    for index in range(len(text)):
        if text[index] not in "0123456789":
            return index == 0 and text[0] == "-" and len(text) > 1 and len(text) < 20
    return len(text) > 0 and len(text) < 19


def hmp_change(arguments):
    """hmp_change."""
    words = arguments.split()
    if len(words) < 2:
        error_check(error_missing_parameter("target"))
    change = {
        "device": words[0],
        "target": words[1],
    }
    if len(words) > 2:
        change["arg"] = words[2]
    qmp_change(change)


def qmp_query_block(arguments):
    """qmp_query_block: what a query answers is seen in the nodes."""
    return None


def qmp_query_blockstats(arguments):
    """qmp_query_blockstats."""
    return None


def qmp_query_block_jobs(arguments):
    """qmp_query_block_jobs."""
    return None


def qmp_query_status(arguments):
    """qmp_query_status."""
    return None


def qmp_stop(arguments):
    """qmp_stop: no guest runs here."""
    return None


def qmp_cont(arguments):
    """qmp_cont."""
    return None
