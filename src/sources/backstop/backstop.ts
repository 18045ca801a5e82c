// The Backstop source: collectd's values, published metrics and the webhooks of GitHub and PagerDuty over HTTP.

import { hash } from 'node:crypto';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { readBody, UnreadableBody } from '../../http/request-body.ts';
import type { Deliver, MalformedBody } from '../../model/point.ts';
import type { Clock } from '../../runtime/clock.ts';
import { logThrottle } from '../../runtime/log-throttle.ts';
import type { Log } from '../../runtime/log.ts';
import { authenticate, type Signature } from './authentication.ts';
import { collectdItems } from './collectd/collectd.ts';
import type { DataSets } from './collectd/data-sets.ts';
import { deliverItems } from './deliveries.ts';
import { githubItems } from './github.ts';
import type { Item, NamingOptions, ReadOptions } from './items.ts';
import { describe, parseJson } from './json.ts';
import { pagerDutyItems } from './pagerduty.ts';
import { publishedItems } from './publish.ts';

export interface BackstopOptions extends NamingOptions {
  /** The prefixes that /publish accepts. */
  readonly prefixes: readonly string[];
  /** `user:password` pairs; if empty, requests need no password. */
  readonly auth: readonly string[];
  /** Webhook secrets; if empty, the webhook needs no signature. */
  readonly githubSecrets: readonly string[];
  readonly pagerDutySecrets: readonly string[];
  readonly dataSets: DataSets;
  readonly maxBodyBytes: number;
  readonly deliver: Deliver;
  /** Receives each body of which something was rejected. Must not throw; is not awaited. */
  readonly malformed: (malformed: MalformedBody) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Counts since the start. */
export interface BackstopCounts {
  /** Items: value lists, notifications, published metrics, commits, events. Without those that were stored before. */
  accepted: number;
  rejected: number;
  /** Valid items with nothing to store: unknown values, events without a conversion. */
  skipped: number;
  /** Requests whose event or records were all stored before. */
  duplicate: number;
  /** Requests answered 4xx, other than 401 and 403. */
  malformed: number;
  /** Requests without valid credentials or signature. */
  notAllowed: number;
  /** Requests answered 503. */
  refused: number;
  /** Requests answered with any other 5xx. */
  failed: number;
}

export interface Backstop {
  /** Mounts `/health`, `/collectd`, `/github`, `/pagerduty` and `/publish/:prefix`. */
  mount(router: Router): void;
  status(): Readonly<BackstopCounts>;
}

interface Source extends BackstopOptions {
  readonly counts: BackstopCounts;
  readonly warnRefused: (reason: string) => void;
}

interface Read {
  readonly items: readonly Item[];
  /** Deduplicates a webhook's event. */
  readonly eventKey?: string | undefined;
}

type Reader = (body: string, context: Context, options: ReadOptions) => Read;

export function openBackstop(options: BackstopOptions): Backstop {
  const { clock, log } = options;
  const throttle = logThrottle(clock);
  const source: Source = {
    ...options,
    counts: {
      accepted: 0,
      rejected: 0,
      skipped: 0,
      duplicate: 0,
      malformed: 0,
      notAllowed: 0,
      refused: 0,
      failed: 0,
    },
    warnRefused: (reason) =>
      throttle((requests) =>
        log.warn({ requests, reason }, 'Backstop: requests are refused; collectd does not send them again'),
      ),
  };
  return { mount: (router) => mountEndpoints(router, source), status: () => source.counts };
}

function mountEndpoints(router: Router, source: Source): void {
  const { prefixes, dataSets, githubSecrets, pagerDutySecrets } = source;
  const post = (path: string, read: Reader, signature?: Signature): void => {
    router.post(path, (context) => handlePost(context, source, read, signature));
  };
  router.get('/health', (context) => {
    context.body = { health: 'ok' };
  });
  post('/collectd', (body, _, options) => ({ items: collectdItems(body, { ...options, dataSets }) }));
  post('/publish/:prefix', (body, context, options) => {
    const { prefix = '' } = context['params'] as { readonly prefix?: string };
    const json = parseJson(body);
    if (!prefixes.includes(prefix)) {
      context.throw(404, `unknown prefix: expected one of PREFIXES, found ${describe(prefix)}`);
    }
    return { items: publishedItems(json, prefix, options) };
  });
  post('/github', readGithub, { scheme: 'sha256', header: 'X-Hub-Signature-256', secrets: githubSecrets });
  post('/pagerduty', readPagerDuty, { scheme: 'v1', header: 'X-PagerDuty-Signature', secrets: pagerDutySecrets });
}

function readGithub(body: string, context: Context, options: ReadOptions): Read {
  const items = githubItems(body, context.get('X-GitHub-Event'), options);
  return { items, eventKey: eventKeyOf('github', context.get('X-GitHub-Delivery')) };
}

function readPagerDuty(body: string, _: Context, options: ReadOptions): Read {
  const { items, eventId } = pagerDutyItems(body, options);
  return { items, eventKey: eventKeyOf('pagerduty', eventId) };
}

function eventKeyOf(webhook: string, id: string | undefined): string | undefined {
  return id === undefined || id === '' ? undefined : `${webhook}|${id.slice(0, 200)}`;
}

async function handlePost(
  context: Context,
  source: Source,
  read: Reader,
  signature: Signature | undefined,
): Promise<void> {
  const { counts, malformed } = source;
  let body: Buffer | undefined;
  try {
    // Read before authentication: curl, and so collectd, repeats the request with its password on the same connection.
    body = await readBody(context.req, source.maxBodyBytes);
    authenticate(context, body, source.auth, signature);
    const { items, eventKey } = read(body.toString(), context, { ...source, nowMs: source.clock.now() });
    const run = eventKey === undefined ? undefined : { key: eventKey, digest: hash('sha1', body, 'base64url') };
    respond(context, { items, body, duplicates: await deliverItems(source.deliver, items, run) }, source);
  } catch (error) {
    const { status = 500, message } = error as Error & { readonly status?: number };
    const isUnauthenticated = status === 401 || status === 403;
    counts[isUnauthenticated ? 'notAllowed' : status < 500 ? 'malformed' : status === 503 ? 'refused' : 'failed'] += 1;
    if (status >= 500) source.warnRefused(message);
    else if (!isUnauthenticated) malformed({ body: body ?? partOf(error), reason: message, from: context.ip });
    throw error;
  }
}

function partOf(error: unknown): Buffer {
  return error instanceof UnreadableBody ? error.read : Buffer.alloc(0);
}

const maxErrors = 20;

interface Delivered {
  readonly items: readonly Item[];
  readonly body: Buffer;
  /** Items that were stored before. */
  readonly duplicates: number;
}

/** Answers 400 if every item was rejected, otherwise 200. `accepted` includes `duplicates`. */
function respond(context: Context, { items, body, duplicates }: Delivered, { counts, malformed }: Source): void {
  const errors = items.flatMap((item) => ('error' in item ? [item.error] : []));
  const skipped = items.filter((item) => 'points' in item && item.points.length === 0).length;
  const accepted = items.length - errors.length - skipped;
  counts.accepted += accepted - duplicates;
  if (duplicates > 0 && duplicates === accepted) counts.duplicate += 1;
  counts.rejected += errors.length;
  counts.skipped += skipped;
  if (errors[0] !== undefined) malformed({ body, reason: errors[0], from: context.ip });
  context.status = errors.length > 0 && errors.length === items.length ? 400 : 200;
  const repeated = duplicates > 0 ? { duplicates } : {};
  context.body = { accepted, ...repeated, rejected: errors.length, skipped, errors: errors.slice(0, maxErrors) };
}
