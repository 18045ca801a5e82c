// The settings of the listeners, the workers and the push archive.

import { listenAddress } from '../addresses.ts';
import { inGroup, optional, value } from '../setting.ts';
import { bytes, days, path, wholeNumber } from '../values.ts';

export const pushSettings = inGroup('Push', {
  listen: value({
    short: 'l',
    argument: 'address',
    default: '8080',
    parse: listenAddress(''),
    help: "[host:]port on which Catchpoint's pushes arrive; a port alone: on all interfaces",
  }),
  adminListen: value({
    argument: 'address',
    default: '127.0.0.1:8081',
    parse: listenAddress('127.0.0.1'),
    help: '[host:]port of the second listener, for health and administration; a port alone: on loopback; if the default is taken, a free port',
  }),
  maxBodyBytes: value({
    argument: 'size',
    default: '1MiB',
    parse: bytes('1KiB'),
    help: 'the largest push that is read',
  }),
  workers: value({
    argument: 'number',
    default: '0',
    parse: wholeNumber(0, 32),
    help: 'processes that take requests and hand the pushes to the bridge; 0: it takes them itself',
  }),
  archive: optional({
    argument: 'path',
    parse: path,
    help: 'a directory in which raw pushes are kept, packed, a file a day; `replay` reads them',
  }),
  archiveDays: value({
    argument: 'days',
    default: '30',
    parse: days,
    help: "how many days' files of the archive are kept, today's included",
  }),
});
