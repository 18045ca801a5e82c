// Registers a test that belongs to a row of the faults, and is skipped with it.

import test, { type ExecutionContext } from 'ava';
import { leftOut } from './left-out.ts';

/** Tests of one file run one at a time. */
export function rowTest(row: string, title: string, body: (t: ExecutionContext) => Promise<void>): void {
  const skipped = leftOut(row, process.env);
  if (skipped === undefined) test.serial(title, body);
  else test.serial.skip(`${skipped}: ${title}`, body);
}
