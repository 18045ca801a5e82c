// Renders a run as Catchpoint's default JSON, in the version of 2016 (V3) or the current one (V4/V5), member for member.

import { contentTimes, pageDetails } from './page-details.ts';
import type { Hop } from './probes.ts';
import type { Run } from './run.ts';

export const clientId = 1234;
export const divisionId = 1033;

const browserVersion = '127.0.6533.88.1';
const reportWindowMs = 600_000;

/** Catchpoint's serializer writes every slash as `\/`. */
export function pushText(run: Run): string {
  return JSON.stringify(pushBody(run)).replaceAll('/', '\\/');
}

export function pushBody(run: Run): object {
  const { test, node, timeMs, hops } = run;
  const isCurrent = test.version === 4;
  const labels = Object.entries(test.labels ?? {}).map(([label, values]) => ({ [label]: values }));
  return {
    Version: isCurrent ? 4 : 3,
    V: isCurrent ? 5 : 3,
    TestDetail: {
      Name: test.name,
      TypeId: test.typeId,
      ...(isCurrent && labels.length > 0 ? { Labels: labels } : {}),
      MonitorTypeId: test.monitorTypeId,
    },
    TestId: test.id,
    ReportWindow: reportWindow(timeMs),
    NodeId: node.id,
    NodeName: node.name,
    ...(node.asn === undefined ? {} : { Asn: node.asn }),
    ...(isCurrent ? { TestRuntime: catchpointTime(timeMs) } : {}),
    DivisionId: divisionId,
    ClientId: clientId,
    Summary: summary(run),
    ...(hops === undefined ? {} : { Diagnostic: { TraceRoute: traceRoute(run, hops) } }),
  };
}

/** yyyyMMddHHmmssfff in UTC */
export function catchpointTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\D/g, '');
}

/** The start of the run's ten-minute window: yyyyMMddHHmm in UTC. */
export function reportWindow(timeMs: number): string {
  return catchpointTime(Math.floor(timeMs / reportWindowMs) * reportWindowMs).slice(0, 12);
}

function summary(run: Run): object {
  const { test, timeMs, timing, failure, ping } = run;
  const isPage = test.kind === 'web' || test.kind === 'transaction';
  const isLoaded = isPage && (failure === undefined || failure.flag === 'Transaction');
  const error = errorOf(run);
  return {
    V: 1,
    Timestamp: catchpointTime(timeMs),
    ...(isPage ? { MonitorVersion: browserVersion } : {}),
    Timing: isLoaded ? { ...timing, ContentType: contentTimes(run) } : timing,
    ...(ping === undefined ? {} : { Ping: pingSummary(ping) }),
    Address: test.address,
    ...(error === undefined ? {} : { Error: error }),
    ...(isLoaded ? pageDetails(run) : {}),
    ...(isPage && !isLoaded ? { Counter: { Connections: 1, Hosts: 1, FailedRequests: 1, Requests: 1 } } : {}),
    ...(test.kind === 'api' ? requestDetails(run) : {}),
    Request: test.request,
  };
}

function errorOf({ failure, hasContentError }: Run): object | undefined {
  if (failure !== undefined) return { Any: 1, [failure.flag]: 1, Code: failure.code };
  return hasContentError ? { Any: 1, LoadObjects: 1 } : undefined;
}

function pingSummary({ averageMs, lossPct }: NonNullable<Run['ping']>): object {
  return { ...(averageMs === undefined ? {} : { RoundTripTimeAvg: averageMs }), PacketLossPct: lossPct };
}

function requestDetails({ failure }: Run): object {
  const counter = { Connections: 1, Hosts: 1, Requests: 1 };
  if (failure !== undefined) return { Counter: { ...counter, FailedRequests: 1 } };
  return {
    Byte: { Response: { Content: 1840, Headers: 412, TotalContent: 1840, TotalHeaders: 412 } },
    Counter: counter,
  };
}

function traceRoute({ test }: Run, hops: readonly Hop[]): object {
  const rendered = hops.map(({ address, host, asn, roundTripsMs }) => ({
    V: 1,
    ...(address === undefined ? {} : { Address: address }),
    ...(host === undefined ? {} : { Host: host }),
    ...(asn === undefined ? {} : { Asn: String(asn) }),
    RoundTripTimes: roundTripsMs,
  }));
  return { V: 1, Address: test.address, Host: test.request, Hops: rendered };
}
