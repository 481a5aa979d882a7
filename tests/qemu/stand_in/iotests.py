"""A stand-in for the module of QEMU's tests, so that what was written for it can be run here.

It has what such a test uses: the programs are those in the variables QEMU_PROG, QEMU_IMG_PROG and
QEMU_IO_PROG, each a command line; the images lie in TEST_DIR.
"""

import json
import os
import shlex
import socket
import subprocess
import unittest
from pathlib import Path

test_dir = os.environ["TEST_DIR"]


def _run(variable, args):
    words = [*shlex.split(os.environ[variable]), *args]
    return subprocess.run(words, check=False, capture_output=True, text=True).stdout


def qemu_img(*args):
    return _run("QEMU_IMG_PROG", args)


def qemu_io(*args):
    return _run("QEMU_IO_PROG", args)


class VM:
    """A machine without a guest."""

    def __init__(self):
        self._drives = []
        self._process = None

    def add_drive_raw(self, options):
        self._drives += ["-drive", options]

    def launch(self):
        path = Path(test_dir) / "monitor"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(20)
        words = [*shlex.split(os.environ["QEMU_PROG"]), "-machine", "none", "-S", "-nodefaults"]
        words += ["-display", "none", "-qmp", f"unix:{path}", *self._drives]
        self._process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        connection, _ = listener.accept()
        connection.settimeout(20)
        listener.close()
        path.unlink()
        self._file = connection.makefile("rw")
        self._read()
        self.qmp("qmp_capabilities")

    def _read(self):
        line = self._file.readline()
        if not line:
            raise EOFError("QEMU is gone")
        return json.loads(line)

    def qmp(self, command, **arguments):
        arguments = {key.replace("_", "-"): value for key, value in arguments.items()}
        json.dump({"execute": command, "arguments": arguments}, self._file)
        self._file.flush()
        while True:
            message = self._read()
            if "event" not in message:
                return message

    def hmp_qemu_io(self, drive, command):
        line = f'qemu-io {drive} "{command}"'
        return self.qmp("human-monitor-command", **{"command-line": line})

    def shutdown(self):
        if self._process is not None and self._process.poll() is None:
            self.qmp("quit")
            self._process.wait(20)


class QMPTestCase(unittest.TestCase):
    """A test that looks into replies."""

    def assert_qmp(self, reply, path, expected):
        value = reply
        for key in path.split("/"):
            self.assertIn(key, value)
            value = value[key]
        self.assertEqual(value, expected)


def main(supported_fmts, supported_protocols):
    assert supported_fmts and supported_protocols == ["file"]
    unittest.main()
