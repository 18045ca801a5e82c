// The `test` of end-to-end tests. They run one at a time, since each starts programs of its own; BRIDGE_E2E=off skips
// them.

import test from 'ava';

export const e2e = process.env['BRIDGE_E2E'] === 'off' ? test.serial.skip : test.serial;
