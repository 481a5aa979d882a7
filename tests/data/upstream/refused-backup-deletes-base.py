#!/usr/bin/env python3
# group: rw
#
# refused-backup-deletes-base: snapshot=on, then a backup of the overlay
# alone, which is refused: what becomes of the base image? The model's history
# ends before the second of its two causes, which is of 2017.
# log f4ab9784cadd, written by replay for a plain QEMU
# qemu is QEMU 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)
# #3: the file /images/base.qcow2 exists in b1e6fc08; is unlinked in qemu.

import os
import time

import iotests

DIR = iotests.test_dir
FILES = [
    'base.qcow2',
    'copy.qcow2',
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
        self.vm.add_drive_raw(f'if=none,id=drive0,file={DIR}/base.qcow2,format=qcow2,snapshot=on')
        self.vm.launch()

        # event 3
        result = self.vm.qmp('drive-backup', device='drive0', sync='top',
            target=f'{DIR}/copy.qcow2')
        self.assertTrue(os.path.exists(f'{DIR}/base.qcow2'))
        self.assert_qmp(result, 'return', {})

        # event 4
        self.wait_for('drive0')

        # event 5
        self.vm.hmp_qemu_io('drive0', 'read 0 65536')


if __name__ == '__main__':
    iotests.main(supported_fmts=['qcow2'],
                 supported_protocols=['file'])
