// The context of checks in tests, a server of one answer, and findings as lines of text.

import type { ExecutionContext } from 'ava';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { CheckContext, Finding } from '../../../src/cli/checks/finding.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { certificate, privateKey } from '../../fakes/certificate.ts';

export const checkContext: CheckContext = {
  clock: systemClock(),
  random: () => 0.5,
  pid: 4711,
  signal: new AbortController().signal,
  lookup: async () => [],
  pushUrl: undefined,
};

/** Such as `fault 69 push URL: no answer`. */
export function lines(findings: readonly Finding[]): string[] {
  return findings.map(({ what, grade, words, code }) =>
    [grade, ...(code === undefined ? [] : [code]), `${what}:`, words].join(' '),
  );
}

/** Resolves with the URL of a server on loopback. */
export async function webServer(t: ExecutionContext, answer: RequestListener, isTls = false): Promise<string> {
  const server = isTls ? createTlsServer({ cert: certificate, key: privateKey }, answer) : createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `${isTls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
