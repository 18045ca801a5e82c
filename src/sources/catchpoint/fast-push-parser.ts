// Parses a push. A fast path reads the common form, Catchpoint's default JSON of a test other than ping and traceroute.
// Every other form takes the path of measurement.ts. Both paths give the same measurement.

import { extrasOfDefaultJson } from './extra-metrics.ts';
import { asNumber, finiteNumber, nonBlankText, positiveInteger, quantity } from './fields.ts';
import {
  contentErrorOf,
  errorOf,
  labelsOf,
  type MeasureOptions,
  type Measurement,
  measurementOf,
  pingTypeId,
  tracerouteTypeId,
} from './measurement.ts';
import { errorOfDefaultJson } from './push-fields.ts';
import { parsePush } from './push-body.ts';
import { timestampMs } from './timestamp.ts';

/** @throws NotAPush */
export function measurementOfPush(body: Buffer, options: MeasureOptions): Measurement {
  return fastMeasurement(body, options) ?? measurementOf(parsePush(body), options);
}

type Mutable<Value> = { -readonly [name in keyof Value]: Value[name] };

/** The members that the fast path reads. JSON.parse makes own members only, so plain property access is safe. */
interface Body {
  readonly TestId?: unknown;
  readonly NodeId?: unknown;
  readonly ClientId?: unknown;
  readonly DivisionId?: unknown;
  readonly Asn?: unknown;
  readonly NodeName?: unknown;
  readonly TestDetail?: {
    readonly TypeId?: unknown;
    readonly MonitorTypeId?: unknown;
    readonly Name?: unknown;
    readonly Labels?: unknown;
  } | null;
  readonly TestDetails?: unknown;
  readonly schema?: unknown;
  readonly Summary?: {
    readonly Timestamp?: unknown;
    readonly Timing?: { readonly Total?: unknown } | null;
    readonly Error?: unknown;
  };
}

const openingBrace = 0x7b;

/** Returns undefined if the body has another form, or is not a push. */
function fastMeasurement(bytes: Buffer, { extras, labels }: MeasureOptions): Measurement | undefined {
  if (bytes[0] !== openingBrace) return undefined;
  const body = parsed(bytes);
  if (body === undefined) return undefined;
  const { Summary: summary, TestDetail: detail } = body;
  if (typeof summary !== 'object' || summary === null || body.TestDetails !== undefined || body.schema !== undefined)
    return undefined;
  const typeId = detail?.TypeId;
  if (typeof typeId !== 'number' || typeId === pingTypeId || typeId === tracerouteTypeId) return undefined;
  const testId = positiveInteger(body.TestId);
  const nodeId = positiveInteger(body.NodeId);
  const timeMs = timestampMs(summary.Timestamp);
  if (testId === undefined || nodeId === undefined || timeMs === undefined) return undefined;
  const measurement: Mutable<Measurement> = { testId, nodeId, timeMs };
  const clientId = positiveInteger(body.ClientId);
  if (clientId !== undefined) measurement.clientId = clientId;
  const divisionId = positiveInteger(body.DivisionId);
  if (divisionId !== undefined) measurement.divisionId = divisionId;
  const monitorTypeId = finiteNumber(detail?.MonitorTypeId);
  if (monitorTypeId !== undefined) measurement.monitorTypeId = monitorTypeId;
  const testName = nonBlankText(detail?.Name);
  if (testName !== undefined) measurement.testName = testName;
  const nodeName = nonBlankText(body.NodeName);
  if (nodeName !== undefined) measurement.nodeName = nodeName;
  const asn = asNumber(body.Asn);
  if (asn !== undefined) measurement.asn = asn;
  const totalMs = quantity(summary.Timing?.Total);
  if (totalMs !== undefined) {
    measurement.totalMs = totalMs;
    measurement.rttMs = totalMs;
  }
  const errorFields = summary.Error === undefined ? undefined : errorOfDefaultJson(summary.Error);
  const error = errorFields && errorOf(errorFields);
  if (error !== undefined) measurement.error = error;
  const measured =
    extras === true
      ? [...extrasOfDefaultJson(summary), ...(errorFields === undefined ? [] : contentErrorOf(errorFields))]
      : [];
  if (measured.length > 0) measurement.extras = measured;
  const found = labels === undefined || labels.length === 0 ? undefined : labelsOf(detail?.Labels, labels);
  if (found !== undefined) measurement.labels = found;
  return measurement;
}

function parsed(bytes: Buffer): Body | undefined {
  try {
    return JSON.parse(bytes.toString()) as Body;
  } catch {
    return undefined;
  }
}
