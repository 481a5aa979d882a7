#!/usr/bin/env python3
# group: rw
#
# stream-makes-writable: A read-only drive streams its base into itself: may
# the guest write to it afterwards? The model's history ends long before this
# changed, in 10.0.10.
# log aa3cf4eac2fc, written by replay for a plain QEMU
# old is QEMU 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)
# new is QEMU 11.1.3 (Debian 1:11.1.3+ds-1)
# #7: at sector 0 of drive0 the guest reads 0x11 in old; 0x61 in new.

import os
import time

import iotests

DIR = iotests.test_dir
FILES = [
    'base.qcow2',
    'top.qcow2',
]


class TestReplayed(iotests.QMPTestCase):

    def setUp(self):
        self.remove_files()
        self.vm = iotests.VM()

    def tearDown(self):
        try:
            self.vm.shutdown()
        finally:
            self.remove_files()

    def remove_files(self):
        for name in FILES:
            if os.path.exists(f'{DIR}/{name}'):
                os.remove(f'{DIR}/{name}')

    def wait_for(self, device, ready=False):
        """Waits until the device's job, if there is one, is over or ready."""
        for _ in range(1000):
            jobs = self.vm.qmp('query-block-jobs')['return']
            own = [job for job in jobs if job['device'] == device]
            if not own or (ready and own[0]['ready']):
                return
            time.sleep(0.02)
        self.fail(f'the job of {device} goes on')

    def assert_filled(self, name, fmt, pattern, offset, length):
        """A reader of the image sees that byte there, and no other."""
        command = f'read -P {pattern} {offset} {length}'
        printed = iotests.qemu_io('-f', fmt, '-c', command, f'{DIR}/{name}')
        self.assertNotIn('verification failed', getattr(printed, 'stdout', printed))

    def test_replayed(self):
        iotests.qemu_img('create', '-q', '-f', 'qcow2', f'{DIR}/base.qcow2',
            '4194304')
        iotests.qemu_io('-f', 'qcow2', '-c', 'write -P 17 0 1048576',
            f'{DIR}/base.qcow2')

        # event 2
        iotests.qemu_img('create', '-q', '-f', 'qcow2', '-u', '-b',
            f'{DIR}/base.qcow2', '-F', 'qcow2', f'{DIR}/top.qcow2', '4194304')

        # event 3
        self.vm.add_drive_raw(f'if=none,id=drive0,file={DIR}/top.qcow2,format=qcow2,readonly=on')
        self.vm.launch()

        # event 4
        self.vm.qmp('block-stream', device='drive0')

        # event 5
        self.wait_for('drive0')

        # event 6
        self.vm.hmp_qemu_io('drive0', 'write -P 97 0 65536')

        # event 7
        self.vm.hmp_qemu_io('drive0', 'read 0 65536')

        self.vm.shutdown()
        self.assert_filled('top.qcow2', 'qcow2', 17, 0, 1048576)


if __name__ == '__main__':
    iotests.main(supported_fmts=['qcow2'],
                 supported_protocols=['file'])
