"""Lists the readers of recordings, a module each, in the order of recognition."""

from replay.formats.reader import Reader
from replay.formats.readers import (
    console,
    incus,
    iotests,
    libvirt_debug,
    libvirt_domain,
    native,
    qemu_trace,
    qmp_shell,
    qmp_traffic,
    socat,
    ticket,
    transcript,
)

# The first reader whose why_not is "" gets the file. These are of files as programs write them, and
# look at the lines as they are. native and qmp_traffic look at the first line and so come before
# those that search the whole head.
FILES: tuple[Reader, ...] = (
    native.READER,
    qmp_traffic.READER,
    socat.READER,
    qemu_trace.READER,
    incus.READER,
)

# These are of texts as people have them, after what was done to them is undone; FILES are tried
# once more then. libvirt_domain comes before libvirt_debug: a domain's log may hold debug lines of
# libvirt around its command line. iotests comes before console: its outputs hold consoles too. A
# line with an arrow stands in many texts, so transcript comes late. ticket takes what is left.
TEXTS: tuple[Reader, ...] = (
    libvirt_domain.READER,
    libvirt_debug.READER,
    iotests.READER,
    qmp_shell.READER,
    console.READER,
    transcript.READER,
)

LAST: Reader = ticket.READER
"""Takes any text; whether it has a message in it shows when it is read."""

READERS = (*FILES, *TEXTS, LAST)
"""All, in the order in which messages and help name them."""
