// Puts points into OpenTSDB in as many requests as it takes: halved when a body is too large, and when one point spoils it.

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../../../runtime/clock.ts';
import type { BodySize } from './body-size.ts';
import type { Hosts, TsdHost } from './hosts.ts';
import { NoVerdict } from '../no-verdict.ts';
import { type Answer, type Connections, post } from './post.ts';
import { errorMessage, readPutAnswer, type Failed, type PutAnswer } from './put-answer.ts';
import type { RenderedPoint } from '../text/render.ts';
import type { RequestBounds } from './request-bounds.ts';

export interface PutOptions {
  readonly hosts: Hosts;
  readonly connections: Connections;
  readonly size: BodySize;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** On a request and its answer. */
  readonly bounds: RequestBounds;
  /** How long OpenTSDB may wait for its storage. */
  readonly syncTimeoutMs: number;
}

/** A request with all of the points that was made already: its body, and how it ended. Neither answer nor error: it was not sent. */
export interface PutBefore {
  readonly body: Buffer;
  readonly answer?: PutAnswer;
  readonly error?: NoVerdict;
}

/** The points of one write, while they are put. */
interface Errand {
  readonly options: PutOptions;
  readonly signal: AbortSignal;
  readonly points: number;
  /** Whether OpenTSDB has ruled on any of them. */
  isRuled: boolean;
  /** Whether it has been seen to refuse nothing but contents. */
  isSound: boolean;
  /** How many points were refused, each alone in a body. */
  refusedAlone: number;
}

const compressed = promisify(gzip);

/** A body of this size or less is not refused for its size. */
const smallBytes = 1024;
/** So many points are refused alone, and none ruled on, before it is not the points that are at fault. */
const patience = 8;

/**
 * The points that OpenTSDB did not take, in its words; every other was taken.
 *
 * @param before - goes on from there, and does not send the same body again
 * @throws NoRuling when it ruled on none of them
 */
export async function putAll(
  options: PutOptions,
  points: readonly RenderedPoint[],
  signal: AbortSignal,
  before?: PutBefore,
): Promise<Failed[]> {
  const errand: Errand = { options, signal, points: points.length, isRuled: false, isSound: false, refusedAlone: 0 };
  const failed = await put(errand, points, before);
  if (errand.points > 1 && errand.refusedAlone === errand.points) throw nothingIsTaken(failed.at(-1)?.words);
  return failed;
}

async function put(errand: Errand, points: readonly RenderedPoint[], before?: PutBefore): Promise<Failed[]> {
  const { size } = errand.options;
  const body = before?.body ?? (await bodyOf(points));
  if (before === undefined) size.compressed(body.length, points.length);
  const isSent = before?.answer !== undefined || before?.error !== undefined;
  if (!isSent && body.length > size.maxBytes() && points.length > 1) return putHalves(errand, points);
  try {
    if (before?.error !== undefined) throw before.error;
    return await settle(errand, points, body.length, before?.answer ?? (await ask(errand, points, body)));
  } catch (error) {
    const isPerhapsTooLarge =
      error instanceof NoVerdict && error.isClosed && body.length > smallBytes && points.length > 1;
    if (!isPerhapsTooLarge) throw error;
    return putHalves(errand, points, () => size.refused(body.length, 'by silence'));
  }
}

function bodyOf(points: readonly RenderedPoint[]): Promise<Buffer> {
  return compressed(`[${points.map(({ text }) => text).join(',')}]`, { level: 1 });
}

/** @param onFirst - called when the first half was ruled on */
async function putHalves(
  errand: Errand,
  points: readonly RenderedPoint[],
  onFirst = (): void => {},
): Promise<Failed[]> {
  const middle = Math.ceil(points.length / 2);
  const first = await put(errand, points.slice(0, middle));
  onFirst();
  return [...first, ...(await putOrKeep(errand, points.slice(middle)))];
}

/** What was ruled on before stays ruled on: were the whole batch written again, its points would arrive twice. */
async function putOrKeep(errand: Errand, points: readonly RenderedPoint[]): Promise<Failed[]> {
  try {
    return await put(errand, points);
  } catch (error) {
    if (!(error instanceof NoVerdict) || !errand.isRuled || errand.signal.aborted) throw error;
    return points.map(({ point }) => ({ point, words: error.message, error: 'storage' }));
  }
}

async function settle(
  errand: Errand,
  points: readonly RenderedPoint[],
  bytes: number,
  answer: PutAnswer,
): Promise<Failed[]> {
  const { size } = errand.options;
  if (answer.kind === 'ruled') {
    errand.isRuled = true;
    size.taken(bytes);
    return [...answer.failed];
  }
  if (answer.kind === 'too-large') size.refused(bytes, 'for its size');
  else if (answer.kind === 'refused') await assureSound(errand, answer.words);
  if (points.length > 1) return putHalves(errand, points);
  return points.map(({ point }) => alone(errand, point, answer));
}

/** What becomes of a point that shared its body with no other. */
function alone(
  errand: Errand,
  point: RenderedPoint['point'],
  { kind, words }: Exclude<PutAnswer, { kind: 'ruled' }>,
): Failed {
  if (kind === 'unnamed') errand.isRuled = true;
  else errand.refusedAlone += 1;
  if (!errand.isRuled && errand.refusedAlone >= patience) throw nothingIsTaken(words);
  return { point, words, error: kind === 'refused' ? 'data' : 'storage' };
}

function nothingIsTaken(words: string | undefined): NoVerdict {
  return new NoVerdict(`every point is refused, each alone in its request: ${words}`);
}

/**
 * Plugins and proxies refuse with a 400 as well. Only an OpenTSDB that finds fault with the contents alone says of an empty
 * list that there are no points in it; anything else is no reason to give points up.
 */
async function assureSound(errand: Errand, words: string): Promise<void> {
  if (errand.isRuled || errand.isSound) return;
  const empty = await compressed('[]', { level: 1 });
  const { status, text } = await errand.options.hosts.ask(
    (host) => postPut(errand.options, errand.signal, host, empty),
    errand.signal,
  );
  if (status !== 204 && !isAboutEmptyList(text)) throw new NoVerdict(`answered 400: ${words.slice(0, 300)}`);
  errand.isSound = true;
}

function isAboutEmptyList(text: string): boolean {
  try {
    return /^No datapoints found/i.test(errorMessage(JSON.parse(text)) ?? '');
  } catch {
    return false;
  }
}

/** The reading of the first host's answer that can be read. */
function ask(errand: Errand, points: readonly RenderedPoint[], body: Buffer): Promise<PutAnswer> {
  const { hosts, clock } = errand.options;
  const asked = points.map(({ point }) => point);
  return hosts.ask(
    async (host) => readPutAnswer(await postPut(errand.options, errand.signal, host, body), asked, clock.now()),
    errand.signal,
  );
}

/** Posts a body of points to a host. */
export function postPut(options: PutOptions, signal: AbortSignal, host: TsdHost, body: Buffer): Promise<Answer> {
  const { syncTimeoutMs, connections, bounds } = options;
  const headers = { ...options.headers, 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const path = `/api/put?sync&sync_timeout=${syncTimeoutMs}&details`;
  return post({ connections, host, path, headers, body, bounds, signal });
}
