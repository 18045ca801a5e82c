// What a browser's simulated run tells beyond its timings: bytes, counters, zones and hosts of the page, under
// Catchpoint's names.

import type { Run } from './run.ts';
import { seeded } from '../seeded.ts';

/** How a page's requests divide by type of content: their number, their bytes, their share of the time. */
const contents = {
  Image: { requests: 20, bytes: 1_210_000, timeShare: 0.52 },
  Script: { requests: 11, bytes: 512_000, timeShare: 0.42 },
  Html: { requests: 3, bytes: 30_200, timeShare: 0.09 },
  Css: { requests: 4, bytes: 44_100, timeShare: 0.03 },
  Font: { requests: 3, bytes: 43_200, timeShare: 0.02 },
} as const;

const zoneId = 5101;
/** UnexpectedBrowserError */
const partMissingCode = 50200;

/** The members of Summary that a page that was loaded has beside Timing; the same ones for the same run. */
export function pageDetails(run: Run): object {
  const random = seeded(run.timeMs + run.node.id);
  const bytes = byContent(({ bytes: usual }) => Math.round(usual * (0.97 + 0.06 * random())));
  const headerBytes = 760 + Math.round(100 * random());
  const contentBytes = Object.values(bytes).reduce((sum, some) => sum + some, 0);
  const requests = Object.values(contents).reduce((sum, content) => sum + content.requests, 0);
  return {
    Action: { CaptureHttpHeaders: 1 },
    Byte: {
      Response: {
        Content: bytes['Html'],
        Headers: headerBytes,
        TotalContent: contentBytes,
        TotalHeaders: headerBytes * requests,
        ContentType: bytes,
      },
    },
    Counter: {
      Connections: 9,
      Hosts: 6,
      Requests: requests,
      Redirections: 1,
      ContentType: byContent((content) => content.requests),
      FilmstripImages: 4,
      ...(run.isPartMissing ? { FailedRequests: 1, JsFailures: 1 } : {}),
    },
    ContentZones: { [zoneId]: zone(run, contentBytes) },
    HostCollections: hosts(run, contentBytes),
    Score: { SpeedIndex: Math.round((run.timing['VisuallyCompleteTime'] ?? 0) * 0.95) },
    ...(run.isPartMissing ? { JsFailures: [scriptFailure(run)] } : {}),
  };
}

/** Summary.Timing.ContentType */
export function contentTimes({ timing }: Run): Record<string, number> {
  return byContent(({ timeShare }) => Math.round(timing.Total * timeShare));
}

function byContent(value: (content: (typeof contents)[keyof typeof contents]) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(contents).map(([name, content]) => [name, value(content)]));
}

function zone({ timing, isPartMissing }: Run, contentBytes: number): object {
  return {
    V: 1,
    Timing: { StartToEnd: Math.round(timing.Total * 0.94), Impact: Math.round(timing.Total * 0.52) },
    Counter: {
      Request: 30,
      Connection: 6,
      ResponseBytes: Math.round(contentBytes * 0.66),
      Host: 4,
      ...(isPartMissing ? { Failure: 1 } : {}),
    },
    ...(isPartMissing ? { Error: partMissingCode } : {}),
  };
}

function hosts({ test, timing }: Run, contentBytes: number): object {
  const { Dns = 0, Connect = 0, Ssl = 0, Wait = 0, Load = 0 } = timing as Readonly<Record<string, number>>;
  const first = {
    V: 1,
    Timing: { StartToEnd: Math.round(timing.Total * 0.74), Dns, Connect, Ssl, Wait: Wait * 6, Load: Load * 36 },
    Counter: { Request: 22, Connection: 2, ResponseBytes: Math.round(contentBytes * 0.55) },
  };
  const delivery = {
    V: 1,
    Timing: { StartToEnd: Math.round(timing.Total * 0.17), Dns: 0, Ssl: 9, Wait: 55, Load: 160 },
    Counter: { Request: 12, Connection: 1, ResponseBytes: Math.round(contentBytes * 0.35) },
  };
  return { [new URL(test.request).host]: first, 'cdn.example.net': delivery };
}

function scriptFailure({ test }: Run): object {
  return {
    V: 2,
    LineNumber: 88,
    Message: 'Uncaught ReferenceError: cfg is not defined',
    Count: 1,
    URL: new URL('/app.js', test.request).href,
  };
}
