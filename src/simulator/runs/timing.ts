// Simulates the timing of a run: the members of Summary.Timing, in whole milliseconds.

import type { Failure } from './failure.ts';
import type { TestKind } from './tests.ts';

/** Timings by Catchpoint's names. Timings that were not measured are absent. */
export type Timing = Readonly<Record<string, number>> & { readonly Total: number };

export interface RunConditions {
  /** A new round trip at each call. */
  readonly rttMs: () => number;
  readonly failure: Failure | undefined;
  readonly random: () => number;
}

/** Catchpoint's timeouts for a name server, a connection and a page. */
const timeoutsMs = { dns: 5000, connection: 21_000, page: 30_000 };

export function timingOf(kind: TestKind, conditions: RunConditions): Timing {
  const timing = timings[kind](conditions);
  return Object.fromEntries(Object.entries(timing).map(([name, ms]) => [name, Math.round(ms)])) as Timing;
}

const timings: Readonly<Record<TestKind, (conditions: RunConditions) => Timing>> = {
  dns: lookup,
  api: request,
  web: (conditions) => page(conditions, 1),
  transaction: (conditions) => page(conditions, 3),
  ping: (conditions) => probes(conditions, 4000),
  traceroute: (conditions) => probes(conditions, 2500),
};

function lookup({ rttMs, failure, random }: RunConditions): Timing {
  const answeredMs = rttMs() + 0.5 + 2 * random();
  return { Total: failure === undefined ? answeredMs : timeoutsMs.dns + 6 * random() };
}

/** Probes leave a second apart, so the total is the duration of the test and no round trip. */
function probes({ rttMs, random }: RunConditions, spacingMs: number): Timing {
  return { Total: spacingMs + rttMs() + 100 * random() };
}

/** One request, up to the phase that fails. */
function request({ rttMs, failure, random }: RunConditions): Timing {
  const Dns = failure?.flag === 'Dns' ? timeoutsMs.dns + 20 * random() : 1 + 30 * random();
  if (failure?.flag === 'Dns') return { Total: Dns, Dns };
  const Connect = failure?.flag === 'Connection' ? timeoutsMs.connection + 10 * random() : rttMs();
  if (failure?.flag === 'Connection') return { Total: Connect + Dns, Connect, Dns };
  const Ssl = rttMs() + 2 + 3 * random();
  if (failure?.flag === 'Ssl') return { Total: Connect + Dns + Ssl, Connect, Dns, Ssl };
  const Wait = failure?.flag === 'Timeout' ? timeoutsMs.page : rttMs() + 15 + 80 * random();
  const firstByteMs = Dns + Connect + Ssl + Wait;
  if (failure?.flag === 'Timeout') return { Total: firstByteMs, Connect, Dns, Send: 0, Ssl, Wait };
  const Load = 0.2 * rttMs() + 1 + 8 * random();
  return { Total: firstByteMs + Load, Connect, Dns, Load, Send: 0, Ssl, Wait };
}

/** Pages of a browser, loaded one after the other. */
function page(conditions: RunConditions, pages: number): Timing {
  const { rttMs, failure, random } = conditions;
  const { Total: firstMs, ...requestTiming } = request(conditions);
  if (failure !== undefined && failure.flag !== 'Transaction') return { Total: firstMs, ...requestTiming };
  const { Connect = 0, Dns = 0, Load = 0, Send = 0, Ssl = 0, Wait = 0 } = requestTiming;
  const FirstPaintTime = firstMs + 2 * rttMs() + 120 + 200 * random();
  const DomLoad = FirstPaintTime + 2 * rttMs() + 50 + 150 * random();
  const DocumentComplete = (DomLoad + 4 * rttMs() + 250 + 500 * random()) * pages;
  const Total = DocumentComplete + 2 * rttMs() + 150 + 400 * random();
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
