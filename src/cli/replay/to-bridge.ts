// Replays to the push URL of a running bridge: waits while the bridge has a backlog, and retries refused pushes.

import got, { type Response } from 'got';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { backoff } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import { replayHeader } from '../../sources/catchpoint/push-route.ts';
import type { Became } from '../../sources/catchpoint/push.ts';
import { CommandError } from '../exit-codes.ts';
import type { Destination, Outcome } from './destination.ts';

export interface BridgeOptions {
  /** Messages show its origin alone, since the path may have a token in it. */
  readonly pushUrl: string;
  /** The URL of /healthz without the path; undefined: the backlog is not queried. */
  readonly adminUrl: string | undefined;
  /** Authenticates pushes to a bridge on this machine, whose certificate is not verified. */
  readonly ownerToken?: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called once for each wait, with its reason. */
  readonly onWait: (reason: string) => void;
}

const maxInFlight = 8;
const defaultRate = 500;
const timeoutMs = 30_000;
/** After so many unanswered attempts, in some two minutes, the replay ends. */
const maxUnanswered = 10;
const maxRetryAfterMs = 60_000;
/** Above it new pushes would wait behind the replayed ones. */
const maxBacklogPoints = 20_000;
const queryEveryMs = 1000;

interface State extends BridgeOptions {
  readonly agent: { readonly http: HttpAgent; readonly https: HttpsAgent };
  /** By the steady clock. */
  nextQueryMs: number;
  waiting: Promise<void> | undefined;
}

export function toBridge(options: BridgeOptions): Destination {
  const agentOptions = {
    keepAlive: true,
    maxSockets: maxInFlight,
    rejectUnauthorized: options.ownerToken === undefined,
  };
  const state: State = {
    ...options,
    agent: { http: new HttpAgent(agentOptions), https: new HttpsAgent(agentOptions) },
    nextQueryMs: 0,
    waiting: undefined,
  };
  return {
    description: `the bridge at ${originOf(options)}`,
    maxInFlight,
    defaultRate,
    acceptsJoined: false,
    async deliver({ body }, signal) {
      await waitForBacklog(state, signal);
      return push(state, body, signal);
    },
    async close() {
      state.agent.http.destroy();
      state.agent.https.destroy();
    },
  };
}

async function push(state: State, body: Buffer, signal: AbortSignal): Promise<Outcome> {
  const { clock, random, onWait } = state;
  let unanswered = 0;
  let refusals = 0;
  for (;;) {
    const response = await post(state, body, signal);
    signal.throwIfAborted();
    if (response instanceof Error) {
      unanswered += 1;
      if (unanswered === maxUnanswered)
        throw new CommandError(`${originOf(state)}: nobody answers (${response.message})`);
      await clock.sleep(backoff(unanswered, random), { signal });
    } else {
      const outcome = outcomeOf(state, response);
      if (outcome !== undefined) return outcome;
      refusals += 1;
      if (refusals === 1) onWait(`the bridge answers ${response.statusCode}: ${errorOf(response)}`);
      await clock.sleep(Math.max(retryAfterMs(response), backoff(refusals, random)), { signal });
    }
  }
}

async function post(
  { pushUrl, agent, ownerToken }: State,
  body: Buffer,
  signal: AbortSignal,
): Promise<Response<string> | Error> {
  try {
    return await got.post(pushUrl, {
      body,
      agent,
      signal,
      retry: { limit: 0 },
      throwHttpErrors: false,
      followRedirect: false,
      headers: {
        'Content-Type': 'application/json',
        [replayHeader]: '1',
        ...(ownerToken !== undefined && { Authorization: `Bearer ${ownerToken}` }),
      },
      timeout: { request: timeoutMs },
    });
  } catch (error) {
    return error as Error;
  }
}

/** Undefined: the push is to be retried. */
function outcomeOf(state: State, response: Response<string>): Outcome | undefined {
  const { statusCode } = response;
  if (statusCode === 200) return acceptedAs(response.body);
  if ([400, 413, 415].includes(statusCode)) return { malformed: errorOf(response) };
  if (statusCode >= 500 || statusCode === 429 || statusCode === 408) return undefined;
  if (statusCode === 401 || statusCode === 403)
    throw new CommandError(
      `${originOf(state)}: answers ${statusCode}: ${errorOf(response)}; a push token can stand in the URL, as /catchpoint/TOKEN`,
    );
  throw new CommandError(`${originOf(state)}: answers ${statusCode} to a push; is this the push URL of a bridge?`);
}

const outcomes: readonly string[] = [
  'taken',
  'missed',
  'implausible',
  'cardinality',
  'duplicate',
  'conflict',
] satisfies Became[];

/** A 200 without an outcome counts as taken. */
function acceptedAs(body: string): Became {
  const became = memberOf(body, 'became');
  return typeof became === 'string' && outcomes.includes(became) ? (became as Became) : 'taken';
}

const maxErrorLength = 300;

function errorOf({ body }: Response<string>): string {
  return String(memberOf(body, 'error') ?? body)
    .slice(0, maxErrorLength)
    .trim();
}

/** A member of a JSON object; undefined for a body that is none. */
function memberOf(body: string, name: string): unknown {
  try {
    return (JSON.parse(body) as Readonly<Record<string, unknown>> | null)?.[name];
  } catch {
    return undefined;
  }
}

function retryAfterMs({ headers }: Response<string>): number {
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) ? Math.min(maxRetryAfterMs, seconds * 1000) : 0;
}

function originOf({ pushUrl }: Pick<BridgeOptions, 'pushUrl'>): string {
  return new URL(pushUrl).origin;
}

/** Queries the backlog at most once a second; concurrent calls share the query. */
async function waitForBacklog(state: State, signal: AbortSignal): Promise<void> {
  const { adminUrl, clock } = state;
  if (adminUrl === undefined || (state.waiting === undefined && clock.steady() < state.nextQueryMs)) return;
  state.waiting ??= untilSmallBacklog(state, adminUrl, signal).finally(() => {
    state.waiting = undefined;
    state.nextQueryMs = clock.steady() + queryEveryMs;
  });
  await state.waiting;
}

async function untilSmallBacklog(
  { clock, onWait, agent }: State,
  adminUrl: string,
  signal: AbortSignal,
): Promise<void> {
  for (let queries = 1; ; queries += 1) {
    const points = await backlogPoints(adminUrl, agent, signal);
    if (points <= maxBacklogPoints) return;
    if (queries === 1) onWait(`${points} points wait in the bridge`);
    await clock.sleep(queryEveryMs, { signal });
  }
}

interface Health {
  readonly sinks?: readonly { readonly backlog?: { readonly points?: number } }[];
}

/** The largest backlog of a sink. 0 without an answer: the push itself shows whether the bridge runs. */
async function backlogPoints(adminUrl: string, agent: State['agent'], signal: AbortSignal): Promise<number> {
  try {
    const options = { agent, signal, retry: { limit: 0 }, timeout: { request: timeoutMs } };
    const { sinks = [] } = await got.get(`${adminUrl}/healthz`, options).json<Health>();
    return Math.max(0, ...sinks.map(({ backlog }) => backlog?.points ?? 0));
  } catch {
    return 0;
  }
}
