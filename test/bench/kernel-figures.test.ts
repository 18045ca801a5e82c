// The benchmark parses the kernel's figures of processes and disks.

import test from 'ava';
import {
  childrenIn,
  cpuMsIn,
  deviceNumbers,
  diskBytesIn,
  familyCpuMsIn,
  machineCpuMsIn,
  ownBytesIn,
  writtenBytesIn,
} from './kernel-figures.ts';

test('the CPU time of a process is its user and system time', (t) => {
  const stat =
    '4711 (node) S 1 4711 1 0 -1 4194304 9000 0 12 0 250 75 3 4 20 0 11 0 123456 700000000 20000 18446744073709551615';
  t.is(cpuMsIn(stat), 3250);
});

test('the CPU time of a process family includes ended children', (t) => {
  t.is(familyCpuMsIn('4711 (node) S 1 4711 1 0 -1 4194304 9000 0 12 0 250 75 3 4 20 0 11'), 3320);
});

test('idle and waiting times do not count as busy', (t) => {
  t.deepEqual(machineCpuMsIn('cpu  100 20 30 400 50 6 7 8 0 0\ncpu0 50 10 15 200 25 3 3 4 0 0\n'), {
    busyMs: 1710,
    allMs: 6210,
  });
});

test('a command name with blanks and brackets does not shift the fields', (t) => {
  t.is(cpuMsIn('4711 (a) b (c) S 1 4711 1 0 -1 4194304 9000 0 12 0 1 2 3 4 20 0 11'), 30);
});

test('cancelled writes do not count as written bytes of a process', (t) => {
  const io =
    'rchar: 1\nwchar: 900000\nsyscr: 2\nsyscw: 3\nread_bytes: 4096\nwrite_bytes: 81920\ncancelled_write_bytes: 512\n';
  t.is(writtenBytesIn(io), 81_920);
});

test('the memory of a process is its resident size less mapped files', (t) => {
  const status =
    'Name:\tnode\nVmHWM:\t  200000 kB\nVmRSS:\t  150000 kB\nRssAnon:\t  100000 kB\nRssFile:\t   50000 kB\nRssShmem:\t       0 kB\n';
  t.is(ownBytesIn(status), 100_000 * 1024);
});

test('the written bytes of a disk are sectors of 512 bytes', (t) => {
  t.is(
    diskBytesIn('   25857     4850  1460002     5493     8314    40371  1276712     6180        0     4208    11969\n'),
    1_276_712 * 512,
  );
});

test('the children of a process are listed', (t) => {
  t.deepEqual(childrenIn('12 345 '), [12, 345]);
  t.deepEqual(childrenIn(''), []);
});

test('the major and minor numbers of a device are unpacked', (t) => {
  t.deepEqual(deviceNumbers(0xfe00), { major: 254, minor: 0 });
  t.deepEqual(deviceNumbers(0x10_0305), { major: 3, minor: 0x105 });
});

test('text of another form is an error', (t) => {
  t.throws(() => cpuMsIn('4711 (node) S 1'), { message: "expected a number of the kernel's, found nothing" });
  t.throws(() => writtenBytesIn('read_bytes: 1\n'), { message: "expected a number of the kernel's, found nothing" });
});
