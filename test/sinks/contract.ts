// The test suite of the Sink contract (src/model/sink.ts), run against a real receiver. Every sink passes it.

import test, { type ExecutionContext } from 'ava';
import type { DataPoint } from '../../src/model/point.ts';
import { allAccepted, type Sink } from '../../src/model/sink.ts';
import { points } from '../fakes/points.ts';

/** A sink and its receiver, opened for one test. */
interface SinkFixture {
  readonly sink: Sink;
  /** Returns the points that the receiver has, as import lines without a line feed. */
  received(): Promise<readonly string[]>;
  sentBytes(): Promise<Buffer>;
  /** How a point without tags is received; default: with a tag, and with OpenTSDB's characters. */
  readonly untagged?: string;
  /** Takes the receiver away. */
  stopReceiver(): Promise<void>;
  /** Makes the receiver accept connections and never answer; absent where it cannot. */
  hangReceiver?(): void;
}

/** The options of a write that is not cancelled. */
export const forever: { readonly signal: AbortSignal } = { signal: new AbortController().signal };

/** Points that OpenTSDB refuses, or stores as other points. */
export const illegalPoints: readonly DataPoint[] = [
  { metric: 'a b' },
  { metric: '' },
  { metric: 'São_Paulo' },
  { metric: 'a\nput b 1 1 c=d' },
  { metric: 'a\rdiediedie' },
  { value: 'NaN' },
  { value: '' },
  { value: '0x10' },
  { value: '1e999' },
  { value: '9223372036854775808' },
  { value: '1\n2' },
  { timestamp: 0 },
  { timestamp: 1794994452.5 },
  { timestamp: -1 },
  { timestamp: 1794994452, unit: 'ms' as const },
  { timestamp: 17949944520000, unit: 'ms' as const },
  { timestamp: 1794994452123, unit: 's' as const },
  { tags: { city: '' } },
  { tags: { '': 'x' } },
  { tags: { city: 'a=b' } },
  { tags: { city: 'x\ndiediedie' } },
  { tags: { 'ci\nty': 'x' } },
  { tags: Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`tag${index}`, 'x'])) },
  { tags: { city: 'x'.repeat(70_000) } },
].map((fault) => ({ ...point(), ...fault }));

/** Returns the first of `points`. */
export function point(): DataPoint {
  return points(1)[0] as DataPoint;
}

/** Renders a point as `tsdb import` reads it; the tests compare points in this form. */
export function asLine({ metric, timestamp, value, tags }: DataPoint): string {
  return [metric, timestamp, value, ...Object.entries(tags).map(([name, tag]) => `${name}=${tag}`)].join(' ');
}

/** For points that may be received in any order. */
export function sortedLines(points: readonly DataPoint[]): string[] {
  return points.map(asLine).toSorted();
}

/** Registers the suite for a sink. `open` is called once a test. */
export function testSink(title: string, open: (t: ExecutionContext) => Promise<SinkFixture>): void {
  test(`${title} resolves with a verdict on every point once the accepted ones are received`, async (t) => {
    const { sink, received } = await open(t);
    t.deepEqual(await sink.write(points(40), forever), allAccepted);
    t.deepEqual((await received()).toSorted(), sortedLines(points(40)));
  });

  test(`${title} accepts a point without tags`, async (t) => {
    const { sink, received, untagged = 'github.api.a_b 1794994452 1 source=bridge' } = await open(t);
    const path: DataPoint = { metric: 'github.api.a+b', timestamp: 1794994452, unit: 's', value: '1', tags: {} };
    t.deepEqual(await sink.write([path], forever), allAccepted);
    t.deepEqual(await received(), [untagged]);
  });

  test(`${title} accepts an empty batch`, async (t) => {
    const { sink, received } = await open(t);
    t.deepEqual(await sink.write([], forever), allAccepted);
    t.deepEqual(await received(), []);
  });

  test(`${title} accepts full batches, several at a time`, async (t) => {
    const { sink, received } = await open(t);
    const size = sink.batchPoints();
    t.true(Number.isInteger(size) && size > 0, String(size));
    const batches = [0, 1, 2, 3, 4, 5, 6, 7].map((at) => points(size, 1 + at * size));
    for (const verdict of await Promise.all(batches.map((batch) => sink.write(batch, forever))))
      t.deepEqual(verdict, allAccepted);
    t.deepEqual((await received()).toSorted(), sortedLines(points(8 * size)));
  });

  test(`${title} rejects illegal points unsent, and sends the others`, async (t) => {
    const { sink, received } = await open(t);
    const legal = points(illegalPoints.length, 100);
    const mixed = illegalPoints.flatMap((illegal, index) => [legal[index] as DataPoint, illegal]);
    const { rejected, kept } = await sink.write(mixed, forever);
    const rejectedPoints = rejected.map((each) => each.point);
    t.deepEqual(rejectedPoints, [...illegalPoints]);
    t.true(rejected.every(({ reason }) => reason.startsWith('not sent: ')));
    t.deepEqual(kept, []);
    t.deepEqual((await received()).toSorted(), sortedLines(legal));
  });

  test(`${title} sends the same bytes for the same points`, async (t) => {
    const { sink, sentBytes } = await open(t);
    await sink.write(points(30), forever);
    const first = await sentBytes();
    await sink.write(points(30), forever);
    t.true(first.length > 0);
    t.deepEqual((await sentBytes()).subarray(first.length), first);
  });

  test(`${title} throws when the receiver is down`, async (t) => {
    const { sink, stopReceiver } = await open(t);
    await stopReceiver();
    const error = await t.throwsAsync(sink.write(points(2), forever));
    t.not(error?.message, '');
  });

  test(`${title} sends nothing when the signal has aborted`, async (t) => {
    const { sink, received } = await open(t);
    const reason = new Error('enough');
    t.is(await t.throwsAsync(sink.write(points(2), { signal: AbortSignal.abort(reason) })), reason);
    t.deepEqual(await received(), []);
  });

  test(`${title} cancels a write when the signal aborts`, async (t) => {
    const { sink, hangReceiver } = await open(t);
    if (hangReceiver === undefined) return t.pass('its receiver never hangs');
    hangReceiver();
    const aborting = new AbortController();
    const reason = new Error('enough');
    const writing = sink.write(points(2), { signal: aborting.signal });
    setImmediate(() => aborting.abort(reason));
    return t.is(await t.throwsAsync(writing), reason);
  });

  test(`${title} can be closed twice, and throws on a write afterwards`, async (t) => {
    const { sink } = await open(t);
    await sink.write(points(2), forever);
    await sink.close();
    await t.notThrowsAsync(sink.close());
    await t.throwsAsync(sink.write(points(2), forever), { message: /closed/ });
  });

  test(`${title} has a name of the allowed characters`, async (t) => {
    t.regex((await open(t)).sink.name, /^[a-z][A-Za-z0-9._:/%~[\]-]*$/);
  });
}
