// Locates the fields of a push in each of its three shapes: Catchpoint's default JSON, the bridge's own template and
// Grafana's template. measurement.ts validates the values.

import { memberAt, member } from './fields.ts';
import { type Extra, extrasOfDefaultJson, extrasOfTemplate } from './extra-metrics.ts';

/** An unvalidated value, with its path for error messages. */
export interface Field {
  readonly name: string;
  readonly value: unknown;
}

/** The members of Summary.Error: a code, and a flag for each class of error. */
export interface ErrorFields {
  readonly code: unknown;
  readonly dns: unknown;
  readonly connection: unknown;
  readonly ssl: unknown;
  readonly load: unknown;
  readonly transaction: unknown;
  readonly timeout: unknown;
  readonly systemLimit: unknown;
  readonly any: unknown;
  readonly loadObjects: unknown;
}

export interface PushFields {
  readonly testId: Field;
  readonly nodeId: Field;
  readonly clientId: unknown;
  readonly divisionId: unknown;
  readonly typeId: unknown;
  readonly monitorTypeId: unknown;
  readonly asn: unknown;
  readonly testName: unknown;
  readonly labels: unknown;
  readonly nodeName: unknown;
  /** Candidates for the run's time, best first: yyyyMMddHHmmssfff. */
  readonly timestamps: readonly Field[];
  /** Seconds since 1970 UTC; only the bridge's template has it. */
  readonly epochSeconds: unknown;
  readonly totalMs: unknown;
  readonly pingRttMs: unknown;
  readonly pingLossPct: unknown;
  /** Diagnostic.TraceRoute.Hops */
  readonly hops: unknown;
  readonly error: ErrorFields;
  /** Reads every other timing, byte count and counter. */
  readonly extras: () => Extra[];
}

export type PushShape = 'default' | 'template' | 'grafana';

export function pushShape(body: object): PushShape {
  const testDetails = member(body, 'TestDetails');
  if (typeof testDetails === 'object' && testDetails !== null) return 'grafana';
  if (member(body, 'schema') !== undefined) return 'template';
  return member(body, 'Summary') === undefined && member(body, 'TestDetail') === undefined ? 'template' : 'default';
}

export function pushFields(body: object): PushFields {
  switch (pushShape(body)) {
    case 'default':
      return fieldsOfDefaultJson(body);
    case 'template':
      return fieldsOfTemplate(body);
    case 'grafana':
      return fieldsOfGrafanaTemplate(body);
  }
}

/** Catchpoint's default JSON, versions V3 and V4/V5. */
function fieldsOfDefaultJson(body: object): PushFields {
  const summary = member(body, 'Summary');
  const test = member(body, 'TestDetail');
  return {
    ...identity(body),
    typeId: member(test, 'TypeId'),
    monitorTypeId: member(test, 'MonitorTypeId'),
    testName: member(test, 'Name'),
    labels: member(test, 'Labels'),
    timestamps: [
      { name: 'Summary.Timestamp', value: member(summary, 'Timestamp') },
      { name: 'TestRuntime', value: member(body, 'TestRuntime') },
    ],
    epochSeconds: undefined,
    totalMs: memberAt(summary, 'Timing', 'Total'),
    pingRttMs: memberAt(summary, 'Ping', 'RoundTripTimeAvg'),
    pingLossPct: memberAt(summary, 'Ping', 'PacketLossPct'),
    hops: memberAt(body, 'Diagnostic', 'TraceRoute', 'Hops'),
    error: errorOfDefaultJson(member(summary, 'Error')),
    extras: () => extrasOfDefaultJson(summary),
  };
}

export function errorOfDefaultJson(error: unknown): ErrorFields {
  return {
    code: member(error, 'Code'),
    dns: member(error, 'Dns'),
    connection: member(error, 'Connection'),
    ssl: member(error, 'Ssl'),
    load: member(error, 'Load'),
    transaction: member(error, 'Transaction'),
    timeout: member(error, 'Timeout'),
    systemLimit: member(error, 'SystemLimit'),
    any: member(error, 'Any'),
    loadObjects: member(error, 'LoadObjects'),
  };
}

/** The template of docs/catchpoint.md: flat, every value is text. */
function fieldsOfTemplate(body: object): PushFields {
  return {
    ...identity(body),
    ...flatTest(body),
    timestamps: [{ name: 'Timestamp', value: member(body, 'Timestamp') }],
    epochSeconds: member(body, 'TimestampEpoch'),
    totalMs: member(body, 'Total'),
    pingRttMs: member(body, 'PingRttAvg'),
    pingLossPct: member(body, 'PingLossPct'),
    hops: undefined,
    error: {
      code: member(body, 'ErrorCode'),
      dns: member(body, 'ErrorDns'),
      connection: member(body, 'ErrorConnection'),
      ssl: member(body, 'ErrorSsl'),
      load: member(body, 'ErrorLoad'),
      transaction: member(body, 'ErrorTransaction'),
      timeout: member(body, 'ErrorTimeout'),
      systemLimit: member(body, 'ErrorSystemLimit'),
      any: member(body, 'ErrorAny'),
      loadObjects: member(body, 'ErrorLoadObjects'),
    },
    extras: () => extrasOfTemplate(body),
  };
}

/** The template of Grafana's Catchpoint exporter: TestDetails and a flat Summary, every value is text. */
function fieldsOfGrafanaTemplate(body: object): PushFields {
  const test = member(body, 'TestDetails');
  const summary = member(body, 'Summary');
  return {
    ...identity(test, 'TestDetails.'),
    ...flatTest(test),
    timestamps: [{ name: 'Summary.Timestamp', value: member(summary, 'Timestamp') }],
    epochSeconds: undefined,
    totalMs: member(summary, 'TotalTime'),
    pingRttMs: undefined,
    pingLossPct: undefined,
    hops: undefined,
    error: {
      code: undefined,
      dns: member(summary, 'DNSError'),
      connection: member(summary, 'ConnectionError'),
      ssl: member(summary, 'SSLError'),
      load: member(summary, 'LoadError'),
      transaction: member(summary, 'TransactionError'),
      timeout: member(summary, 'TimeoutError'),
      systemLimit: member(summary, 'SystemLimitError'),
      any: member(summary, 'AnyError'),
      loadObjects: member(summary, 'ErrorObjectsLoaded'),
    },
    extras: () => extrasOfTemplate(summary),
  };
}

function identity(
  holder: unknown,
  path = '',
): Pick<PushFields, 'testId' | 'nodeId' | 'clientId' | 'divisionId' | 'asn' | 'nodeName'> {
  return {
    testId: { name: `${path}TestId`, value: member(holder, 'TestId') },
    nodeId: { name: `${path}NodeId`, value: member(holder, 'NodeId') },
    clientId: member(holder, 'ClientId'),
    divisionId: member(holder, 'DivisionId'),
    asn: member(holder, 'Asn'),
    nodeName: member(holder, 'NodeName'),
  };
}

function flatTest(holder: unknown): Pick<PushFields, 'typeId' | 'monitorTypeId' | 'testName' | 'labels'> {
  return {
    typeId: member(holder, 'TypeId'),
    monitorTypeId: member(holder, 'MonitorTypeId'),
    testName: member(holder, 'TestName'),
    labels: member(holder, 'Labels'),
  };
}
