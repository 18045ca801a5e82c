// A test that belongs to a row of the faults: it is skipped, and called left out, where a switch leaves the row out.

import test, { type ExecutionContext } from 'ava';
import { leftOut } from './left-out.ts';

/** Registers it; those of one file run one at a time. */
export function rowTest(row: string, title: string, body: (t: ExecutionContext) => Promise<void>): void {
  const words = leftOut(row, process.env);
  if (words === undefined) test.serial(title, body);
  else test.serial.skip(`${words}: ${title}`, body);
}
