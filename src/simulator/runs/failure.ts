// Why a simulated run fails, in Catchpoint's classes and codes (WinHttpErrorCode of its v2 API).

import { pick } from '../seeded.ts';
import type { TestKind } from './tests.ts';

/** A member of Summary.Error that is set, and Summary.Error.Code. */
export interface Failure {
  readonly flag: 'Dns' | 'Connection' | 'Ssl' | 'Timeout' | 'Transaction';
  readonly code: number;
}

const dnsFailure: Failure = { flag: 'Dns', code: 50010 };
const connectionFailure: Failure = { flag: 'Connection', code: 50011 };
const sslFailure: Failure = { flag: 'Ssl', code: 12175 };
const tooMuchTime: Failure = { flag: 'Timeout', code: 50005 };
const stepItemFailure: Failure = { flag: 'Transaction', code: 50112 };

const ofRequests = [dnsFailure, connectionFailure, connectionFailure, tooMuchTime, tooMuchTime, sslFailure];

/** The more often a failure stands here, the more often it comes. */
const failures: Readonly<Record<TestKind, readonly Failure[]>> = {
  dns: [dnsFailure, dnsFailure, tooMuchTime],
  web: ofRequests,
  api: ofRequests,
  transaction: [...ofRequests, stepItemFailure, stepItemFailure, stepItemFailure],
  ping: [tooMuchTime],
  traceroute: [tooMuchTime],
};

export function failureOf(kind: TestKind, random: () => number): Failure {
  return pick(failures[kind], random);
}
