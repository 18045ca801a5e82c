// Finds the fields of a push in each of the shapes in which it may come: Catchpoint's default JSON, our own template
// and the one that Grafana publishes. Finds only; what the values are worth is measurement.ts's to say.

import { at, member } from './fields.ts';
import { type Extra, extrasOfDefaultJson, extrasOfTemplate } from './extra-metrics.ts';

/** A value as it was found, and where it stands, for error messages. */
export interface Field {
  readonly name: string;
  readonly value: unknown;
}

/** Why a run failed, as flags and a code: the members of Summary.Error. */
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
  /** Where the run's time may stand, best first; yyyyMMddHHmmssfff. */
  readonly timestamps: readonly Field[];
  /** The time in seconds since 1970, which only a template gives. */
  readonly epochSeconds: unknown;
  /** All in milliseconds. */
  readonly totalMs: unknown;
  readonly pingRttMs: unknown;
  readonly pingLossPct: unknown;
  /** Diagnostic.TraceRoute.Hops */
  readonly hops: unknown;
  readonly error: ErrorFields;
  /** Every other timing, byte count and counter; reads them when called. */
  readonly extras: () => Extra[];
}

/** Finds the fields of a push's body, whichever shape it has. */
export function pushFields(body: object): PushFields {
  if (isObject(member(body, 'TestDetails'))) return fieldsOfGrafanaTemplate(body);
  return isFlat(body) ? fieldsOfOurTemplate(body) : fieldsOfDefaultJson(body);
}

function isFlat(body: object): boolean {
  if (member(body, 'schema') !== undefined) return true;
  return member(body, 'Summary') === undefined && member(body, 'TestDetail') === undefined;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** Versions V3 and V4/V5 of Catchpoint's default JSON. */
function fieldsOfDefaultJson(body: object): PushFields {
  const summary = member(body, 'Summary');
  const timing = member(summary, 'Timing');
  return {
    testId: { name: 'TestId', value: member(body, 'TestId') },
    nodeId: { name: 'NodeId', value: member(body, 'NodeId') },
    clientId: member(body, 'ClientId'),
    divisionId: member(body, 'DivisionId'),
    typeId: at(body, 'TestDetail', 'TypeId'),
    monitorTypeId: at(body, 'TestDetail', 'MonitorTypeId'),
    asn: member(body, 'Asn'),
    testName: at(body, 'TestDetail', 'Name'),
    labels: at(body, 'TestDetail', 'Labels'),
    nodeName: member(body, 'NodeName'),
    timestamps: [
      { name: 'Summary.Timestamp', value: member(summary, 'Timestamp') },
      { name: 'TestRuntime', value: member(body, 'TestRuntime') },
    ],
    epochSeconds: undefined,
    totalMs: member(timing, 'Total'),
    pingRttMs: at(summary, 'Ping', 'RoundTripTimeAvg'),
    pingLossPct: at(summary, 'Ping', 'PacketLossPct'),
    hops: at(body, 'Diagnostic', 'TraceRoute', 'Hops'),
    error: errorOfDefaultJson(member(summary, 'Error')),
    extras: () => extrasOfDefaultJson(summary),
  };
}

/** The members of Summary.Error of the default JSON. */
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

/** The template that docs/catchpoint.md gives to paste into Catchpoint: flat, every value a text. */
function fieldsOfOurTemplate(body: object): PushFields {
  return {
    testId: { name: 'TestId', value: member(body, 'TestId') },
    nodeId: { name: 'NodeId', value: member(body, 'NodeId') },
    clientId: member(body, 'ClientId'),
    divisionId: member(body, 'DivisionId'),
    typeId: member(body, 'TypeId'),
    monitorTypeId: member(body, 'MonitorTypeId'),
    asn: member(body, 'Asn'),
    testName: member(body, 'TestName'),
    labels: member(body, 'Labels'),
    nodeName: member(body, 'NodeName'),
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

/** The template that Grafana's Catchpoint exporter publishes: TestDetails and a flat Summary, every value a text. */
function fieldsOfGrafanaTemplate(body: object): PushFields {
  const test = member(body, 'TestDetails');
  const summary = member(body, 'Summary');
  return {
    testId: { name: 'TestDetails.TestId', value: member(test, 'TestId') },
    nodeId: { name: 'TestDetails.NodeId', value: member(test, 'NodeId') },
    clientId: member(test, 'ClientId'),
    divisionId: member(test, 'DivisionId'),
    typeId: member(test, 'TypeId'),
    monitorTypeId: member(test, 'MonitorTypeId'),
    asn: member(test, 'Asn'),
    testName: member(test, 'TestName'),
    labels: member(test, 'Labels'),
    nodeName: member(test, 'NodeName'),
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
