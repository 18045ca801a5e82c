// Simulates the details of a browser run other than its timing: bytes, counters, zones and hosts of the page.

import { seeded } from '../seeded.ts';
import type { Run } from './run.ts';

/** Requests, bytes and share of the time by type of content. */
const contentTypes = {
  Image: { requests: 20, bytes: 1_210_000, timeShare: 0.52 },
  Script: { requests: 11, bytes: 512_000, timeShare: 0.42 },
  Html: { requests: 3, bytes: 30_200, timeShare: 0.09 },
  Css: { requests: 4, bytes: 44_100, timeShare: 0.03 },
  Font: { requests: 3, bytes: 43_200, timeShare: 0.02 },
} as const;

const zoneId = 5101;
/** UnexpectedBrowserError */
const contentErrorCode = 50200;

/** The members of Summary beside Timing, the same for the same run. */
export function pageDetails(run: Run): object {
  const { timeMs, node, timing, hasContentError } = run;
  const random = seeded(timeMs + node.id);
  const bytes = byContentType(({ bytes: average }) => Math.round(average * (0.97 + 0.06 * random())));
  const headerBytes = 760 + Math.round(100 * random());
  const contentBytes = sumOf(bytes);
  const requests = byContentType((content) => content.requests);
  return {
    Action: { CaptureHttpHeaders: 1 },
    Byte: {
      Response: {
        Content: bytes['Html'],
        Headers: headerBytes,
        TotalContent: contentBytes,
        TotalHeaders: headerBytes * sumOf(requests),
        ContentType: bytes,
      },
    },
    Counter: {
      Connections: 9,
      Hosts: 6,
      Requests: sumOf(requests),
      Redirections: 1,
      ContentType: requests,
      FilmstripImages: 4,
      ...(hasContentError ? { FailedRequests: 1, JsFailures: 1 } : {}),
    },
    ContentZones: { [zoneId]: zone(run, contentBytes) },
    HostCollections: hosts(run, contentBytes),
    Score: { SpeedIndex: Math.round((timing['VisuallyCompleteTime'] ?? 0) * 0.95) },
    ...(hasContentError ? { JsFailures: [scriptFailure(run)] } : {}),
  };
}

/** Summary.Timing.ContentType */
export function contentTimes({ timing }: Run): Record<string, number> {
  return byContentType(({ timeShare }) => Math.round(timing.Total * timeShare));
}

function byContentType(
  value: (content: (typeof contentTypes)[keyof typeof contentTypes]) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(contentTypes).map(([name, content]) => [name, value(content)]));
}

function sumOf(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((sum, value) => sum + value, 0);
}

function zone({ timing, hasContentError }: Run, contentBytes: number): object {
  return {
    V: 1,
    Timing: { StartToEnd: Math.round(timing.Total * 0.94), Impact: Math.round(timing.Total * 0.52) },
    Counter: {
      Request: 30,
      Connection: 6,
      ResponseBytes: Math.round(contentBytes * 0.66),
      Host: 4,
      ...(hasContentError ? { Failure: 1 } : {}),
    },
    ...(hasContentError ? { Error: contentErrorCode } : {}),
  };
}

function hosts({ test, timing }: Run, contentBytes: number): object {
  const { Dns = 0, Connect = 0, Ssl = 0, Wait = 0, Load = 0 } = timing as Readonly<Record<string, number>>;
  const origin = {
    V: 1,
    Timing: { StartToEnd: Math.round(timing.Total * 0.74), Dns, Connect, Ssl, Wait: Wait * 6, Load: Load * 36 },
    Counter: { Request: 22, Connection: 2, ResponseBytes: Math.round(contentBytes * 0.55) },
  };
  const cdn = {
    V: 1,
    Timing: { StartToEnd: Math.round(timing.Total * 0.17), Dns: 0, Ssl: 9, Wait: 55, Load: 160 },
    Counter: { Request: 12, Connection: 1, ResponseBytes: Math.round(contentBytes * 0.35) },
  };
  return { [new URL(test.request).host]: origin, 'cdn.example.net': cdn };
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
