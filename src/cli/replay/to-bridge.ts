// Replays to the push URL of a bridge that runs: waits while that has a backlog of its own, and tries again whatever it
// could not take.

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import got, { type Response } from 'got';
import { backoff } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Became } from '../../sources/catchpoint/push.ts';
import { replayHeader } from '../../sources/catchpoint/push-route.ts';
import { CannotReplay, type Destination, type Outcome } from './destination.ts';

export interface BridgeOptions {
  /** Where pushes go; what follows its origin may be a secret. */
  readonly pushUrl: string;
  /** Where the bridge tells its backlog; undefined: not looked at. */
  readonly adminUrl: string | undefined;
  /** Lets a push in as the owner's, at a bridge on this machine; its certificate is not looked at then. */
  readonly ownerToken?: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told what it waits for, once each time. */
  readonly waits: (words: string) => void;
}

const inFlight = 8;
const usualRate = 500;
const timeoutMs = 30_000;
/** So often nobody answers before the replay is given up: some two minutes. */
const maxUnanswered = 10;
const maxPauseMs = 60_000;
/** With more points waiting there, live ones would queue behind those of the replay. */
const maxBacklogPoints = 20_000;
const lookEveryMs = 1000;

interface State extends BridgeOptions {
  readonly agent: { readonly http: HttpAgent; readonly https: HttpsAgent };
  /** By the steady clock. */
  nextLookMs: number;
  looking: Promise<void> | undefined;
}

export function toBridge(options: BridgeOptions): Destination {
  const how = { keepAlive: true, maxSockets: inFlight, rejectUnauthorized: options.ownerToken === undefined };
  const state: State = {
    ...options,
    agent: { http: new HttpAgent(how), https: new HttpsAgent(how) },
    nextLookMs: 0,
    looking: undefined,
  };
  return {
    words: `the bridge at ${new URL(options.pushUrl).origin}`,
    inFlight,
    usualRate,
    takesJoined: false,
    async deliver({ body }, signal) {
      await untilCaughtUp(state, signal);
      return post(state, body, signal);
    },
    async close() {
      state.agent.http.destroy();
      state.agent.https.destroy();
    },
  };
}

async function post(state: State, body: Buffer, signal: AbortSignal): Promise<Outcome> {
  const { clock, random, waits } = state;
  let unanswered = 0;
  for (let refusals = 0; ;) {
    const answer = await sent(state, body, signal);
    signal.throwIfAborted();
    if (answer instanceof Error) {
      unanswered += 1;
      if (unanswered === maxUnanswered) throw new CannotReplay(`${hostOf(state)}: nobody answers (${answer.message})`);
      await clock.sleep(backoff(unanswered, random), { signal });
    } else {
      const outcome = outcomeOf(state, answer);
      if (outcome !== undefined) return outcome;
      refusals += 1;
      if (refusals === 1) waits(`the bridge answers ${answer.statusCode}: ${errorIn(answer)}`);
      await clock.sleep(Math.max(retryAfterMs(answer), backoff(refusals, random)), { signal });
    }
  }
}

async function sent(
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

/** Undefined when the bridge asks for another try. */
function outcomeOf(state: State, answer: Response<string>): Outcome | undefined {
  const { statusCode } = answer;
  if (statusCode === 200) return becameIn(answer.body);
  if ([400, 413, 415].includes(statusCode)) return { malformed: errorIn(answer) };
  if (statusCode >= 500 || statusCode === 429 || statusCode === 408) return undefined;
  if (statusCode === 401 || statusCode === 403)
    throw new CannotReplay(
      `${hostOf(state)}: answers ${statusCode}: ${errorIn(answer)}; a push token can stand in the URL, as /catchpoint/TOKEN`,
    );
  throw new CannotReplay(`${hostOf(state)}: answers ${statusCode} to a push; is this the push URL of a bridge?`);
}

const words: readonly string[] = [
  'taken',
  'missed',
  'implausible',
  'cardinality',
  'duplicate',
  'conflict',
] satisfies Became[];

/** A bridge that does not say what became of it has taken it. */
function becameIn(answer: string): Became {
  try {
    const { became } = JSON.parse(answer) as { readonly became?: unknown };
    return typeof became === 'string' && words.includes(became) ? (became as Became) : 'taken';
  } catch {
    return 'taken';
  }
}

const maxShownLength = 300;

function errorIn({ body }: Response<string>): string {
  try {
    const { error } = JSON.parse(body) as { readonly error?: unknown };
    return String(error).slice(0, maxShownLength);
  } catch {
    return body.slice(0, maxShownLength).trim();
  }
}

function retryAfterMs({ headers }: Response<string>): number {
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) ? Math.min(maxPauseMs, seconds * 1000) : 0;
}

function hostOf({ pushUrl }: State): string {
  return new URL(pushUrl).origin;
}

/** Looks at the bridge's backlog every second at most; whoever comes meanwhile waits for the same look. */
async function untilCaughtUp(state: State, signal: AbortSignal): Promise<void> {
  if (state.adminUrl === undefined || (state.looking === undefined && state.clock.steady() < state.nextLookMs)) return;
  state.looking ??= caughtUp(state, state.adminUrl, signal).finally(() => {
    state.looking = undefined;
    state.nextLookMs = state.clock.steady() + lookEveryMs;
  });
  await state.looking;
}

async function caughtUp({ clock, waits, agent }: State, adminUrl: string, signal: AbortSignal): Promise<void> {
  for (let looks = 1; ; looks += 1) {
    const points = await backlogPoints(adminUrl, agent, signal);
    if (points <= maxBacklogPoints) return;
    if (looks === 1) waits(`${points} points wait in the bridge`);
    await clock.sleep(lookEveryMs, { signal });
  }
}

interface Health {
  readonly sinks?: readonly { readonly backlog?: { readonly points?: number } }[];
}

/** Of the sink that has most; 0 when nobody tells: then the pushes show whether the bridge is there. */
async function backlogPoints(adminUrl: string, agent: State['agent'], signal: AbortSignal): Promise<number> {
  try {
    const how = { agent, signal, retry: { limit: 0 }, timeout: { request: timeoutMs } };
    const { sinks = [] } = await got.get(`${adminUrl}/healthz`, how).json<Health>();
    return Math.max(0, ...sinks.map(({ backlog }) => backlog?.points ?? 0));
  } catch {
    return 0;
  }
}
