// Backstop's endpoints over HTTP: read, let in, taken item by item, delivered, and only then answered.

import { hash } from 'node:crypto';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { readBody, UnreadableBody } from '../../http/request-body.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Deliver, MalformedBody, RunKey } from '../../model/point.ts';
import { collectdItems } from './collectd/collectd.ts';
import type { DataSets } from './collectd/data-sets.ts';
import { githubItems } from './github.ts';
import type { Item, NamingOptions, ReadingOptions } from './naming.ts';
import { readPagerDuty } from './pagerduty.ts';
import { publishedItems } from './publish.ts';
import { isAuthorised, isSigned, NotAllowed } from './signature.ts';

export interface BackstopSettings extends NamingOptions {
  /** What may be published under. */
  readonly prefixes: readonly string[];
  /** `user:password` pairs; none: everybody may come in. */
  readonly auth: readonly string[];
  /** Secrets of webhooks; none: not signed. */
  readonly githubSecrets: readonly string[];
  readonly pagerDutySecrets: readonly string[];
  readonly dataSets: DataSets;
  readonly maxBodyBytes: number;
}

export interface RouteOptions extends BackstopSettings {
  readonly deliver: Deliver;
  readonly clock: Clock;
  readonly counts: BackstopCounts;
  /** Told why a request was not taken, by no fault of its sender's. */
  readonly refused: (reason: string) => void;
  /** Shown each body of which something was refused; must not throw, and is not waited for. */
  readonly malformed?: (malformed: MalformedBody) => void;
}

/** What became of what came since the start. */
export interface BackstopCounts {
  /** Items: value lists, notifications, published metrics, commits, events. */
  accepted: number;
  rejected: number;
  /** Right, but nothing to store: values that are not known, events that are not converted. */
  skipped: number;
  /** Requests of which the same was there already. */
  duplicate: number;
  /** Requests that were not readable, or answered 404: 4xx. */
  malformed: number;
  /** Requests without the right credentials or signature. */
  notAllowed: number;
  /** Requests answered 503. */
  refused: number;
  /** Requests answered 500. */
  failed: number;
}

export function backstopCounts(): BackstopCounts {
  return { accepted: 0, rejected: 0, skipped: 0, duplicate: 0, malformed: 0, notAllowed: 0, refused: 0, failed: 0 };
}

/** What an endpoint makes of a body. */
interface Read {
  readonly items: readonly Item[];
  readonly run?: RunKey | undefined;
}

type Reader = (body: Buffer, context: Context, options: ReadingOptions) => Read;

/** Mounts the endpoints. */
export function backstopRoutes(router: Router, options: RouteOptions): void {
  const { prefixes, dataSets, githubSecrets, pagerDutySecrets } = options;
  router.get('/health', (context) => {
    context.body = { health: 'ok' };
  });
  const post = (path: string, read: Reader, signed?: Signed): void => {
    router.post(path, (context) => take(context, options, read, signed));
  };
  post('/collectd', (body, _, reading) => ({ items: collectdItems(body.toString(), { ...reading, dataSets }) }));
  post('/publish/:prefix', (body, { params }, reading) => ({
    items: publishedItems(body.toString(), (params as Record<string, string>)['prefix'] ?? '', {
      ...reading,
      prefixes,
    }),
  }));
  post('/github', readGithub, { scheme: 'sha256', header: 'X-Hub-Signature-256', secrets: githubSecrets });
  post('/pagerduty', readAlert, { scheme: 'v1', header: 'X-PagerDuty-Signature', secrets: pagerDutySecrets });
}

function readGithub(body: Buffer, context: Context, reading: ReadingOptions): Read {
  const items = githubItems(body.toString(), context.get('X-GitHub-Event'), reading);
  return { items, run: runOf('github', context.get('X-GitHub-Delivery'), body) };
}

function readAlert(body: Buffer, _: Context, reading: ReadingOptions): Read {
  const { items, eventId } = readPagerDuty(body.toString(), reading);
  return { items, run: runOf('pagerduty', eventId, body) };
}

/** The webhook's own id: the same one again is the same event. */
function runOf(source: string, id: string | undefined, body: Buffer): RunKey | undefined {
  return id === undefined || id === ''
    ? undefined
    : { key: `${source}|${id.slice(0, 200)}`, digest: hash('sha1', body, 'base64url') };
}

async function take(context: Context, options: RouteOptions, read: Reader, signed: Signed | undefined): Promise<void> {
  const { counts, clock, deliver } = options;
  let body: Buffer | undefined;
  try {
    // Read before the door is shut: curl, and so collectd, comes again with its password on the connection that it has.
    body = await readBody(context.req, options.maxBodyBytes);
    letIn(context, body, options, signed);
    const { items, run } = read(body, context, { ...options, nowMs: clock.now() });
    const points = items.flatMap((item) => ('points' in item ? item.points : []));
    if (points.length > 0) {
      const delivered = await deliver(points, run === undefined ? {} : { run });
      if (delivered === 'duplicate') counts.duplicate += 1;
    }
    answer(context, items, body, options);
  } catch (error) {
    const { status = 500, message } = error as Error & { readonly status?: number };
    const isDoor = status === 401 || status === 403;
    counts[isDoor ? 'notAllowed' : status < 500 ? 'malformed' : status === 503 ? 'refused' : 'failed'] += 1;
    if (status >= 500) options.refused(message);
    else if (!isDoor) options.malformed?.({ body: body ?? readOf(error), reason: message, from: context.ip });
    throw error;
  }
}

function readOf(error: unknown): Buffer {
  return error instanceof UnreadableBody ? error.read : Buffer.alloc(0);
}

interface Signed {
  readonly scheme: 'sha256' | 'v1';
  readonly header: string;
  readonly secrets: readonly string[];
}

/** A webhook with a secret is let in by its signature alone: its sender may not be able to give a password as well. */
function letIn(context: Context, body: Buffer, { auth }: RouteOptions, signed: Signed | undefined): void {
  if (signed !== undefined && signed.secrets.length > 0) {
    if (isSigned(signed.scheme, context.get(signed.header), body, signed.secrets)) return;
    const found = context.get(signed.header) === '' ? 'none' : 'one that does not fit';
    throw new NotAllowed(403, `${signed.header}: expected a signature of this body, found ${found}`);
  }
  if (auth.length === 0 || isAuthorised(context.get('Authorization'), auth)) return;
  context.set('WWW-Authenticate', 'Basic realm="Restricted Area"');
  throw new NotAllowed(401, 'Authorization: expected the user and password of an account, found others or none');
}

const maxErrors = 20;

/** 200 unless everything was rejected. */
function answer(context: Context, items: readonly Item[], body: Buffer, { counts, malformed }: RouteOptions): void {
  const faults = items.flatMap((item) => ('fault' in item ? [item.fault] : []));
  const skipped = items.filter((item) => 'points' in item && item.points.length === 0).length;
  const accepted = items.length - faults.length - skipped;
  counts.accepted += accepted;
  counts.rejected += faults.length;
  counts.skipped += skipped;
  if (faults[0] !== undefined) malformed?.({ body, reason: faults[0], from: context.ip });
  context.status = faults.length > 0 && faults.length === items.length ? 400 : 200;
  context.body = { accepted, rejected: faults.length, skipped, errors: faults.slice(0, maxErrors) };
}
