// The suite that every sink passes: what src/sink.ts promises, tried on a real far side.

import test, { type ExecutionContext } from 'ava';
import type { DataPoint } from '../../src/model/point.ts';
import type { Sink } from '../../src/model/sink.ts';
import { points } from '../fakes/points.ts';

/** A sink and its far side, made for one test. */
export interface Bench {
  readonly sink: Sink;
  /** What has arrived, as import lines without a line's end. */
  arrived(): Promise<readonly string[]>;
  /** The bytes of all that was sent. */
  sent(): Promise<Buffer>;
  /** How a point without tags arrives; left out: with a tag, and in OpenTSDB's letters. */
  readonly untagged?: string;
  /** From now on nobody answers. */
  vanish(): Promise<void>;
  /** From now on the far side listens and says nothing. Left out where it cannot. */
  fallSilent?(): void;
}

const forever = { signal: new AbortController().signal };

/** Points that no OpenTSDB takes, or that it would take for something else. */
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
].map((fault) => ({ ...(points(1)[0] as DataPoint), ...fault }));

/** A point as `tsdb import` reads it: the form in which the tests compare. */
export function asLine({ metric, timestamp, value, tags }: DataPoint): string {
  return [metric, timestamp, value, ...Object.entries(tags).map(([name, tag]) => `${name}=${tag}`)].join(' ');
}

/** Registers the suite for a sink; `make` is called once a test. */
export function testSink(title: string, make: (t: ExecutionContext) => Promise<Bench>): void {
  test(`${title} resolves with a verdict on every point, and the accepted ones have arrived`, async (t) => {
    const { sink, arrived } = await make(t);
    t.deepEqual(await sink.write(points(40), forever), { rejected: [], kept: [] });
    t.deepEqual([...(await arrived())].toSorted(), points(40).map(asLine).toSorted());
  });

  test(`${title} takes a point without tags`, async (t) => {
    const { sink, arrived, untagged = 'github.api.a_b 1794994452 1 source=bridge' } = await make(t);
    const path: DataPoint = { metric: 'github.api.a+b', timestamp: 1794994452, unit: 's', value: '1', tags: {} };
    t.deepEqual(await sink.write([path], forever), { rejected: [], kept: [] });
    t.deepEqual(await arrived(), [untagged]);
  });

  test(`${title} takes an empty batch`, async (t) => {
    const { sink, arrived } = await make(t);
    t.deepEqual(await sink.write([], forever), { rejected: [], kept: [] });
    t.deepEqual(await arrived(), []);
  });

  test(`${title} takes a full batch, and several at once`, async (t) => {
    const { sink, arrived } = await make(t);
    const size = sink.batchPoints();
    t.true(Number.isInteger(size) && size > 0, String(size));
    const verdicts = await Promise.all(
      [0, 1, 2, 3, 4, 5, 6, 7].map((at) => sink.write(points(size, 1 + at * size), forever)),
    );
    t.true(verdicts.every(({ rejected, kept }) => rejected.length === 0 && kept.length === 0));
    t.deepEqual(
      [...(await arrived())].toSorted(),
      points(8 * size)
        .map(asLine)
        .toSorted(),
    );
  });

  test(`${title} rejects illegal points, sends none of them, and their neighbours arrive`, async (t) => {
    const { sink, arrived } = await make(t);
    const good = points(illegalPoints.length, 100);
    const mixed = illegalPoints.flatMap((bad, index) => [good[index] as DataPoint, bad]);
    const { rejected, kept } = await sink.write(mixed, forever);
    t.deepEqual(
      rejected.map(({ point }) => point),
      [...illegalPoints],
    );
    t.true(rejected.every(({ reason }) => reason.startsWith('not sent: ')));
    t.deepEqual(kept, []);
    t.deepEqual([...(await arrived())].toSorted(), good.map(asLine).toSorted());
  });

  test(`${title} sends a point again in the same bytes`, async (t) => {
    const { sink, sent } = await make(t);
    await sink.write(points(30), forever);
    const first = await sent();
    await sink.write(points(30), forever);
    t.true(first.length > 0);
    t.deepEqual((await sent()).subarray(first.length), first);
  });

  test(`${title} throws when nobody answers`, async (t) => {
    const { sink, vanish } = await make(t);
    await vanish();
    const error = await t.throwsAsync(sink.write(points(2), forever));
    t.not(error?.message, '');
  });

  test(`${title} sends nothing once the signal has aborted`, async (t) => {
    const { sink, arrived } = await make(t);
    const reason = new Error('enough');
    t.is(await t.throwsAsync(sink.write(points(2), { signal: AbortSignal.abort(reason) })), reason);
    t.deepEqual(await arrived(), []);
  });

  test(`${title} gives up a write when the signal aborts`, async (t) => {
    const { sink, fallSilent } = await make(t);
    if (fallSilent === undefined) return t.pass('its far side is never silent');
    fallSilent();
    const aborting = new AbortController();
    const reason = new Error('enough');
    const writing = sink.write(points(2), { signal: aborting.signal });
    setImmediate(() => aborting.abort(reason));
    return t.is(await t.throwsAsync(writing), reason);
  });

  test(`${title} may be closed twice, and takes nothing afterwards`, async (t) => {
    const { sink } = await make(t);
    await sink.write(points(2), forever);
    await sink.close();
    await t.notThrowsAsync(sink.close());
    await t.throwsAsync(sink.write(points(2), forever), { message: /closed/ });
  });

  test(`${title} has a name that can be a key`, async (t) => {
    t.regex((await make(t)).sink.name, /^[a-z][a-z0-9.:[\]-]*$/);
  });
}
