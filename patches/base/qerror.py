"""qerror.h: the errors of the monitor, each with its class and a text."""


def error_base_not_found(name):
    """QERR_BASE_NOT_FOUND."""
    return {
        "class": "BaseNotFound",
        "desc": "The base image " + name + " was not found in the backing chain",
    }


def error_command_failed(text):
    """error_report: a text on the monitor or on the command line."""
    return {
        "class": "GenericError",
        "desc": text,
    }


def error_device_has_no_medium(device):
    """QERR_DEVICE_HAS_NO_MEDIUM."""
    return {
        "class": "DeviceHasNoMedium",
        "desc": "Device " + device + " has no medium",
    }


def error_device_in_use(device):
    """QERR_DEVICE_IN_USE."""
    return {
        "class": "DeviceInUse",
        "desc": "Device " + device + " is in use",
    }


def error_device_is_read_only(device):
    """QERR_DEVICE_IS_READ_ONLY."""
    return {
        "class": "DeviceIsReadOnly",
        "desc": "Device " + device + " is read-only",
    }


def error_device_not_active(device):
    """QERR_DEVICE_NOT_ACTIVE."""
    return {
        "class": "DeviceNotActive",
        "desc": "Device " + device + " has no active job",
    }


def error_device_not_encrypted(device):
    """QERR_DEVICE_NOT_ENCRYPTED."""
    return {
        "class": "DeviceNotEncrypted",
        "desc": "Device " + device + " is not encrypted",
    }


def error_device_not_found(device):
    """QERR_DEVICE_NOT_FOUND."""
    return {
        "class": "DeviceNotFound",
        "desc": "Device " + device + " was not found",
    }


def error_device_not_removable(device):
    """QERR_DEVICE_NOT_REMOVABLE."""
    return {
        "class": "DeviceNotRemovable",
        "desc": "Device " + device + " is not removable",
    }


def error_invalid_block_format(format):
    """QERR_INVALID_BLOCK_FORMAT."""
    return {
        "class": "InvalidBlockFormat",
        "desc": "The block format " + format + " is not known",
    }


def error_invalid_parameter(name):
    """QERR_INVALID_PARAMETER."""
    return {
        "class": "InvalidParameter",
        "desc": "Invalid parameter " + name,
    }


def error_invalid_parameter_combination():
    """QERR_INVALID_PARAMETER_COMBINATION."""
    return {
        "class": "InvalidParameterCombination",
        "desc": "These parameters do not go together",
    }


def error_invalid_parameter_type(name):
    """QERR_INVALID_PARAMETER_TYPE."""
    return {
        "class": "InvalidParameterType",
        "desc": "The parameter " + name + " has the wrong type",
    }


def error_invalid_parameter_value(name):
    """QERR_INVALID_PARAMETER_VALUE."""
    return {
        "class": "InvalidParameterValue",
        "desc": "The parameter " + name + " has a wrong value",
    }


def error_io_error():
    """QERR_IO_ERROR."""
    return {
        "class": "IOError",
        "desc": "An I/O error happened",
    }


def error_missing_parameter(name):
    """QERR_MISSING_PARAMETER."""
    return {
        "class": "MissingParameter",
        "desc": "The parameter " + name + " is missing",
    }


def error_open_file_failed(filename):
    """QERR_OPEN_FILE_FAILED."""
    return {
        "class": "OpenFileFailed",
        "desc": "The file " + filename + " could not be opened",
    }


def error_qmp_extra_member(name):
    """QERR_QMP_EXTRA_MEMBER."""
    return {
        "class": "QMPExtraInputObjectMember",
        "desc": "The member " + name + " of an object is not expected",
    }


def error_undefined_error():
    """QERR_UNDEFINED_ERROR."""
    return {
        "class": "UndefinedError",
        "desc": "An undefined error happened",
    }


def error_unsupported():
    """QERR_UNSUPPORTED."""
    return {
        "class": "Unsupported",
        "desc": "This is not supported",
    }


def error_check(error):
    """Ends the command with an error, if there is one."""
    if error is not None:
        refuse(error["class"], error["desc"])
