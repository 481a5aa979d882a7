#!/usr/bin/env python3
# group: rw
#
# refused-mirror-deletes-file: snapshot=on, then a mirror into an existing
# file that is no qcow2 image, which is refused: what becomes of the file?
# log 6d698b0a3b62, written by replay for a plain QEMU
# with is 7e3d98dd^
# qemu is QEMU 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)
# #4: the file /images/other.raw exists in with; is unlinked in qemu.

import os
import time

import iotests

DIR = iotests.test_dir
FILES = [
    'base.qcow2',
    'other.raw',
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
        iotests.qemu_img('create', '-q', '-f', 'raw', f'{DIR}/other.raw',
            '4194304')
        iotests.qemu_io('-f', 'raw', '-c', 'write -P 34 0 1048576',
            f'{DIR}/other.raw')

        # event 3
        self.vm.add_drive_raw(f'if=none,id=drive0,file={DIR}/base.qcow2,format=qcow2,snapshot=on')
        self.vm.launch()

        # event 4
        self.vm.qmp('drive-mirror', device='drive0', format='qcow2',
            mode='existing', sync='full', target=f'{DIR}/other.raw')
        self.assertTrue(os.path.exists(f'{DIR}/other.raw'))

        # event 5
        self.wait_for('drive0', ready=True)


if __name__ == '__main__':
    iotests.main(supported_fmts=['qcow2'],
                 supported_protocols=['file'])
