"""Lists the readers of recorded conversations, a module each, in the order of recognition."""

from replay.formats.readers import (
    incus,
    iotests,
    libvirt_debug,
    libvirt_domain,
    qemu_trace,
    qmp_shell,
    qmp_traffic,
    socat,
    transcript,
)
from replay.formats.recording import Reader

# The first reader whose why_not is "" gets the file. qmp_traffic looks at the first line alone
# and so comes before those that search the whole head. libvirt_domain comes before libvirt_debug:
# a domain's log may hold debug lines of libvirt around its command line. transcript is last: its
# mark is the least strict. The order is also that of the formats in messages and help.
READERS: tuple[Reader, ...] = (
    qmp_traffic,
    qmp_shell,
    socat,
    qemu_trace,
    incus,
    iotests,
    libvirt_domain,
    libvirt_debug,
    transcript,
)
