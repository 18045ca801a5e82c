// How the time of a simulated run divides up: the members of Summary.Timing, in whole milliseconds.

import type { Failure } from './failure.ts';
import type { TestKind } from './tests.ts';

/** By Catchpoint's names; what was not measured is not there. */
export type Timing = Readonly<Record<string, number>> & { readonly Total: number };

/** What a run meets with. */
export interface Circumstances {
  /** The time of a round trip; another one each time. */
  readonly tripMs: () => number;
  readonly failure: Failure | undefined;
  readonly random: () => number;
}

/** How long Catchpoint waits for a name server, for a connection, and for a page. */
const patienceMs = { dns: 5000, connection: 21_000, page: 30_000 };

export function timingOf(kind: TestKind, circumstances: Circumstances): Timing {
  switch (kind) {
    case 'dns':
      return whole(lookup(circumstances));
    case 'api':
      return whole(request(circumstances, patienceMs.page));
    case 'web':
      return whole(page(circumstances, 1));
    case 'transaction':
      return whole(page(circumstances, 3));
    case 'ping':
    case 'traceroute':
      return whole(probes(circumstances, kind === 'ping' ? 4000 : 2500));
  }
}

function whole(timing: Timing): Timing {
  return Object.fromEntries(Object.entries(timing).map(([name, ms]) => [name, Math.round(ms)])) as Timing;
}

function lookup({ tripMs, failure, random }: Circumstances): Timing {
  const answeredMs = tripMs() + 0.5 + 2 * random();
  return { Total: failure === undefined ? answeredMs : patienceMs.dns + 6 * random() };
}

/** The probes go out a second apart; the total is how long the test takes, not a round trip. */
function probes({ tripMs, random }: Circumstances, spacingMs: number): Timing {
  return { Total: spacingMs + tripMs() + 100 * random() };
}

/** One request: look up, connect, agree on a key, wait, load; it ends where it fails. */
function request({ tripMs, failure, random }: Circumstances, waitsMs: number): Timing {
  const Dns = failure?.flag === 'Dns' ? patienceMs.dns + 20 * random() : 1 + 30 * random();
  if (failure?.flag === 'Dns') return { Total: Dns, Dns };
  const Connect = failure?.flag === 'Connection' ? patienceMs.connection + 10 * random() : tripMs();
  if (failure?.flag === 'Connection') return { Total: Connect + Dns, Connect, Dns };
  const Ssl = tripMs() + 2 + 3 * random();
  if (failure?.flag === 'Ssl') return { Total: Connect + Dns + Ssl, Connect, Dns, Ssl };
  const Wait = failure?.flag === 'Timeout' ? waitsMs : tripMs() + 15 + 80 * random();
  const soFarMs = Dns + Connect + Ssl + Wait;
  if (failure?.flag === 'Timeout') return { Total: soFarMs, Connect, Dns, Send: 0, Ssl, Wait };
  const Load = 0.2 * tripMs() + 1 + 8 * random();
  return { Total: soFarMs + Load, Connect, Dns, Load, Send: 0, Ssl, Wait };
}

/** A page of a browser, or several one after the other. */
function page(circumstances: Circumstances, pages: number): Timing {
  const { tripMs, failure, random } = circumstances;
  const { Total: firstMs, ...ofRequest } = request(circumstances, patienceMs.page);
  if (failure !== undefined && failure.flag !== 'Transaction') return { Total: firstMs, ...ofRequest };
  const { Connect = 0, Dns = 0, Load = 0, Send = 0, Ssl = 0, Wait = 0 } = ofRequest;
  const FirstPaintTime = firstMs + 2 * tripMs() + 120 + 200 * random();
  const DomLoad = FirstPaintTime + 2 * tripMs() + 50 + 150 * random();
  const DocumentComplete = (DomLoad + 4 * tripMs() + 250 + 500 * random()) * pages;
  const Total = DocumentComplete + 2 * tripMs() + 150 + 400 * random();
  return {
    Total,
    Connect,
    Dns,
    ContentLoad: Total - firstMs,
    Load,
    Send,
    Ssl,
    Wait,
    Wire: Total * (0.6 + 0.2 * random()),
    Client: 20 + 50 * random(),
    DocumentComplete,
    DomLoad,
    FirstContentfulPaintTime: FirstPaintTime,
    FirstPaintTime,
    RenderStart: FirstPaintTime + 10 + 20 * random(),
    TimeToInteractive: DocumentComplete - 10 * random(),
    VisuallyCompleteTime: FirstPaintTime + (DocumentComplete - FirstPaintTime) * (0.3 + 0.5 * random()),
  };
}
