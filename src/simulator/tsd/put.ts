// POST /api/put of the simulated OpenTSDB: every point on its own, and the table of answers of PutDataPointRpc 2.4.

import { errorAnswer, jsonAnswer, methodNotAllowed, type HttpAnswer } from './answers.ts';
import { readPuts, UnreadablePut } from './put-json.ts';
import { RefusedPut, type ReceivedPut } from './rules.ts';
import type { StorageOutcome, TsdStore } from './store.ts';

export interface PutRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly text: string;
}

/** Ends with `ms` over, or never. */
export type Sleep = (ms: number) => Promise<void>;

interface PutError {
  readonly error: string;
  readonly datapoint: unknown;
}

/** A put under way: which of its points were queued to the storage, and what is said of the others. */
interface PutCall {
  readonly puts: readonly ReceivedPut[];
  readonly queued: (StorageOutcome | Promise<StorageOutcome>)[];
  readonly errors: PutError[];
}

const seeLogs = 'Please see the TSD logs or append "details" to the put request';

/** @param sleep - for sync_timeout */
export async function answerPut(
  store: TsdStore,
  { method, query, text }: PutRequest,
  sleep: Sleep,
): Promise<HttpAnswer> {
  if (method !== 'POST') return methodNotAllowed(method);
  const puts = received(text);
  if ('status' in puts) return puts;
  const call: PutCall = { puts, queued: [], errors: [] };
  queue(store, call);
  return query.has('sync') ? syncAnswer(call, query, sleep) : ruling(call, query, call.queued.length, 0);
}

function received(text: string): readonly ReceivedPut[] | HttpAnswer {
  try {
    return readPuts(text);
  } catch (error) {
    if (error instanceof UnreadablePut) return errorAnswer(400, error.message);
    throw error;
  }
}

function queue(store: TsdStore, { puts, queued, errors }: PutCall): void {
  for (const put of puts) {
    const fault = faultOf(put);
    try {
      if (fault !== undefined) throw new RefusedPut('argument', fault);
      queued.push(noted(store.add(put), put, errors));
    } catch (error) {
      if (!(error instanceof RefusedPut)) throw error;
      store.counts.refused += 1;
      errors.push({ error: wordsOf(error), datapoint: echoed(put) });
    }
  }
}

/** IncomingDataPoint.validate */
function faultOf({ metric, timestamp, value, tags }: ReceivedPut): string | undefined {
  if (!metric) return 'Metric name was empty';
  if (timestamp <= 0) return 'Invalid timestamp';
  if (!value) return 'Empty value';
  return tags === undefined || tags.size === 0 ? 'Missing tags' : undefined;
}

function wordsOf({ kind, message }: RefusedPut): string {
  if (kind === 'value') return 'Unable to parse value to a number';
  return kind === 'unknown-name' ? 'Unknown metric' : message;
}

/** A failure of the storage is listed among the errors when it comes before the answer. */
function noted(
  outcome: StorageOutcome | Promise<StorageOutcome>,
  put: ReceivedPut,
  errors: PutError[],
): StorageOutcome | Promise<StorageOutcome> {
  if (outcome instanceof Promise) return outcome.then((settled) => noted(settled, put, errors));
  if (outcome !== 'stored') errors.push({ error: outcome.failed, datapoint: echoed(put) });
  return outcome;
}

function echoed({ metric, timestamp, value, tags }: ReceivedPut): unknown {
  return { metric: metric ?? null, timestamp, value: value ?? null, tags: tags && Object.fromEntries(tags) };
}

/** Only what failed before the storage decides the status: with `sync` a 200 may tell of failed points. */
function ruling(
  { puts, queued, errors }: PutCall,
  query: URLSearchParams,
  success: number,
  failed: number,
): HttpAnswer {
  const refused = puts.length - queued.length;
  if (isShort(query)) {
    return failed + refused > 0 ? errorAnswer(400, 'One or more data points had errors', seeLogs) : { status: 204 };
  }
  const summary = { success, failed: failed + refused, ...(query.has('details') && { errors }) };
  return jsonAnswer(refused > 0 ? 400 : 200, summary);
}

async function syncAnswer(call: PutCall, query: URLSearchParams, sleep: Sleep): Promise<HttpAnswer> {
  const timeoutMs = Number(query.get('sync_timeout') ?? 0);
  const written = Promise.all(call.queued);
  const outcomes = await (timeoutMs > 0 ? Promise.race([written, sleep(timeoutMs)]) : written);
  if (!Array.isArray(outcomes)) return timedOut(call, query);
  const success = outcomes.filter((outcome) => outcome === 'stored').length;
  return ruling(call, query, success, outcomes.length - success);
}

/** The echoed point is the one at the same place in the request: another one, once a point before it was refused. */
async function timedOut({ puts, queued, errors }: PutCall, query: URLSearchParams): Promise<HttpAnswer> {
  const outcomes = await Promise.all(queued.map((outcome) => Promise.race([outcome, 'late' as const])));
  const success = outcomes.filter((outcome) => outcome === 'stored').length;
  const timeouts = outcomes.filter((outcome) => outcome === 'late').length;
  const failed = outcomes.length - success - timeouts;
  if (isShort(query)) {
    const counts = `${success} successful writes, ${failed} failed writes and ${timeouts} timed out writes.`;
    return errorAnswer(400, `The put call has timedout with ${counts}`, seeLogs);
  }
  for (const [index, outcome] of outcomes.entries()) {
    const put = puts[index];
    if (outcome === 'late' && put !== undefined) errors.push({ error: 'Write timedout', datapoint: echoed(put) });
  }
  const refused = puts.length - queued.length;
  return jsonAnswer(400, { success, failed: failed + refused, timeouts, ...(query.has('details') && { errors }) });
}

/** Flags count by their presence, whatever their value. */
function isShort(query: URLSearchParams): boolean {
  return !query.has('details') && !query.has('summary');
}
