"""Lists the readers of recordings, a module each, in the order of recognition."""

from replay.formats.reader import Reader
from replay.formats.readers import (
    incus,
    iotests,
    libvirt_debug,
    libvirt_domain,
    native,
    qemu_trace,
    qmp_shell,
    qmp_traffic,
    socat,
    transcript,
)

# The first reader whose why_not is "" gets the file. native and qmp_traffic look at the first line
# alone and so come before those that search the whole head. libvirt_domain comes before
# libvirt_debug: a domain's log may hold debug lines of libvirt around its command line. transcript
# is last: its mark is the least strict. The order is also that of the formats in messages and help.
READERS: tuple[Reader, ...] = (
    native.READER,
    qmp_traffic.READER,
    qmp_shell.READER,
    socat.READER,
    qemu_trace.READER,
    incus.READER,
    iotests.READER,
    libvirt_domain.READER,
    libvirt_debug.READER,
    transcript.READER,
)
