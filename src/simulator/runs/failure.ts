// Chooses the failure of a simulated run, in Catchpoint's classes and codes (WinHttpErrorCode of its v2 API).

import { pick } from '../seeded.ts';
import type { TestKind } from './tests.ts';

export interface Failure {
  /** The member of Summary.Error that is set. */
  readonly flag: 'Dns' | 'Connection' | 'Ssl' | 'Timeout' | 'Transaction';
  /** Summary.Error.Code */
  readonly code: number;
}

const dns: Failure = { flag: 'Dns', code: 50010 };
const connection: Failure = { flag: 'Connection', code: 50011 };
const ssl: Failure = { flag: 'Ssl', code: 12175 };
const timeout: Failure = { flag: 'Timeout', code: 50005 };
const transaction: Failure = { flag: 'Transaction', code: 50112 };

const requestFailures = [dns, connection, connection, timeout, timeout, ssl];

/** Repeated failures are more likely. */
const failures: Readonly<Record<TestKind, readonly Failure[]>> = {
  dns: [dns, dns, timeout],
  web: requestFailures,
  api: requestFailures,
  transaction: [...requestFailures, transaction, transaction, transaction],
  ping: [timeout],
  traceroute: [timeout],
};

export function failureOf(kind: TestKind, random: () => number): Failure {
  return pick(failures[kind], random);
}
