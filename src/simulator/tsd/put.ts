// POST /api/put of the simulated OpenTSDB. It checks each point separately and answers like PutDataPointRpc 2.4.

import { errorAnswer, jsonAnswer, methodNotAllowed, type HttpAnswer } from './answers.ts';
import { readPuts } from './put-json.ts';
import { RefusedPut, type ReceivedPut } from './rules.ts';
import type { StorageOutcome, TsdStore } from './store.ts';

export interface PutRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly text: string;
}

/** Resolves after `ms`, or never. */
export type Sleep = (ms: number) => Promise<void>;

interface PutError {
  readonly error: string;
  readonly datapoint: unknown;
}

interface PutCall {
  readonly puts: readonly ReceivedPut[];
  readonly query: URLSearchParams;
  /** The outcomes of the points that reached the storage. */
  readonly queued: readonly Promise<StorageOutcome>[];
  readonly errors: PutError[];
}

const seeLogs = 'Please see the TSD logs or append "details" to the put request';

/**
 * @param sleep - for sync_timeout
 * @throws BadRequest
 */
export async function answerPut(store: TsdStore, request: PutRequest, sleep: Sleep): Promise<HttpAnswer> {
  const { method, query, text } = request;
  if (method !== 'POST') return methodNotAllowed(method);
  const puts = readPuts(text);
  const errors: PutError[] = [];
  const queued = puts.flatMap((put) => add(store, put, errors) ?? []);
  const call: PutCall = { puts, query, queued, errors };
  return query.has('sync') ? syncAnswer(call, sleep) : putAnswer(call, queued.length, 0);
}

/** Undefined if the point is refused before it reaches the storage. */
function add(store: TsdStore, put: ReceivedPut, errors: PutError[]): Promise<StorageOutcome> | undefined {
  const fail = (error: string): void => void errors.push({ error, datapoint: datapointOf(put) });
  /** A storage failure is listed if it precedes the answer. */
  const settle = (outcome: StorageOutcome): StorageOutcome => {
    if (outcome !== 'stored') fail(outcome.failed);
    return outcome;
  };
  try {
    validate(put);
    const outcome = store.add(put);
    return outcome instanceof Promise ? outcome.then(settle) : Promise.resolve(settle(outcome));
  } catch (error) {
    if (!(error instanceof RefusedPut)) throw error;
    store.counts.refused += 1;
    fail(errorText(error));
    return undefined;
  }
}

/** IncomingDataPoint.validate */
function validate({ metric, timestamp, value, tags }: ReceivedPut): void {
  if (!metric) throw new RefusedPut('argument', 'Metric name was empty');
  if (timestamp <= 0) throw new RefusedPut('argument', 'Invalid timestamp');
  if (!value) throw new RefusedPut('argument', 'Empty value');
  if (tags === undefined || tags.size === 0) throw new RefusedPut('argument', 'Missing tags');
}

function errorText({ kind, message }: RefusedPut): string {
  if (kind === 'value') return 'Unable to parse value to a number';
  return kind === 'unknown-name' ? 'Unknown metric' : message;
}

function datapointOf({ metric, timestamp, value, tags }: ReceivedPut): unknown {
  return { metric: metric ?? null, timestamp, value: value ?? null, tags: tags && Object.fromEntries(tags) };
}

/** Only refused points set the status: with `sync` a 200 may report failed points. */
function putAnswer({ puts, query, queued, errors }: PutCall, success: number, failed: number): HttpAnswer {
  const refused = puts.length - queued.length;
  if (isShort(query)) {
    return failed + refused > 0 ? errorAnswer(400, 'One or more data points had errors', seeLogs) : { status: 204 };
  }
  const summary = { success, failed: failed + refused, ...(query.has('details') && { errors }) };
  return jsonAnswer(refused > 0 ? 400 : 200, summary);
}

async function syncAnswer(call: PutCall, sleep: Sleep): Promise<HttpAnswer> {
  const timeoutMs = Number(call.query.get('sync_timeout') ?? 0);
  const written = Promise.all(call.queued);
  const outcomes = await (timeoutMs > 0 ? Promise.race([written, sleep(timeoutMs)]) : written);
  if (!Array.isArray(outcomes)) return timeoutAnswer(call);
  const success = outcomes.filter((outcome) => outcome === 'stored').length;
  return putAnswer(call, success, outcomes.length - success);
}

/** As in OpenTSDB, an error's point is looked up by the index among the queued ones, so a refused point shifts it. */
async function timeoutAnswer({ puts, query, queued, errors }: PutCall): Promise<HttpAnswer> {
  const late = Promise.resolve('late' as const);
  const outcomes = await Promise.all(queued.map((outcome) => Promise.race([outcome, late])));
  const success = outcomes.filter((outcome) => outcome === 'stored').length;
  const timeouts = outcomes.filter((outcome) => outcome === 'late').length;
  const failed = outcomes.length - success - timeouts;
  if (isShort(query)) {
    const counts = `${success} successful writes, ${failed} failed writes and ${timeouts} timed out writes.`;
    return errorAnswer(400, `The put call has timedout with ${counts}`, seeLogs);
  }
  for (const [index, outcome] of outcomes.entries()) {
    const put = puts[index];
    if (outcome === 'late' && put !== undefined) errors.push({ error: 'Write timedout', datapoint: datapointOf(put) });
  }
  const refused = puts.length - queued.length;
  return jsonAnswer(400, { success, failed: failed + refused, timeouts, ...(query.has('details') && { errors }) });
}

/** Flags count by their presence, whatever their value. */
function isShort(query: URLSearchParams): boolean {
  return !query.has('details') && !query.has('summary');
}
