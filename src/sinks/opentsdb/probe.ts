// Finds out what listens where the points are to go, before any are sent. Nothing is stored by it.

import { connect } from 'node:net';
import { readFileSync } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';
import { within } from '../../runtime/deadline.ts';
import { query, type QueryOptions } from './http/queries.ts';
import { redact } from './http/redact.ts';
import { tsdHost } from './http/hosts.ts';
import { quoted } from './no-verdict.ts';
import { connections } from './http/post.ts';

/** `accepts-all`: answers 204 to every put that it can read. `telnet`: speaks telnet only. */
export type Flavour = 'opentsdb' | 'victoriametrics' | 'influxdb' | 'accepts-all' | 'telnet' | 'unknown';

export interface Probe {
  /** Whether points can be put there in the way wanted. */
  readonly ok: boolean;
  readonly flavour: Flavour;
  /** For people: what it is, or what was seen instead. */
  readonly words: string;
  readonly roundTripMs: number;
}

export interface ProbeOptions {
  readonly url: string;
  readonly clock: Clock;
  /** How the points will be put; default http. */
  readonly put?: 'http' | 'telnet';
  readonly headers?: Readonly<Record<string, string>>;
  readonly caFile?: string | undefined;
  /** For each question; default 5000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

type Finding = Omit<Probe, 'roundTripMs'>;

/** Asks for the version, by HTTP and where that fails by telnet. Rejects only when the signal aborts. */
export async function probeTsdb(options: ProbeOptions): Promise<Probe> {
  const probe = await probed(options);
  return { ...probe, words: redact({ ...options, urls: [options.url] })(probe.words) };
}

async function probed(options: ProbeOptions): Promise<Probe> {
  const {
    url,
    clock,
    put = 'http',
    headers = {},
    caFile,
    timeoutMs = 5_000,
    signal = new AbortController().signal,
  } = options;
  const startedMs = clock.steady();
  let roundTripMs = 0;
  const first = <T>(answer: T): T => {
    roundTripMs ||= Math.round(clock.steady() - startedMs);
    return answer;
  };
  try {
    const host = tsdHost(url);
    const open = connections(caFile === undefined ? undefined : readFileSync(caFile, 'utf8'));
    const asking = { host, connections: open, headers, clock, timeoutMs, signal };
    try {
      return { ...(put === 'http' ? await byHttp(asking, first) : await byTelnet(asking, first)), roundTripMs };
    } finally {
      open.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    return { ok: false, flavour: 'unknown', words: wordsOf(error as Error), roundTripMs };
  }
}

async function byHttp(asking: QueryOptions, first: <T>(answer: T) => T): Promise<Finding> {
  try {
    const version = first(await query(asking, '/api/version'));
    const found = openTsdbVersion(version.text);
    if (version.status === 200 && found !== undefined)
      return { ok: true, flavour: 'opentsdb', words: `OpenTSDB ${found}` };
    if ([401, 403, 407].includes(version.status)) {
      return {
        ok: false,
        flavour: 'unknown',
        words: `answered ${version.status}, user and password or a header may be missing: ${quoted(version.text)}`,
      };
    }
    return await byPut(asking, version);
  } catch (error) {
    asking.signal.throwIfAborted();
    if (!isPerhapsTelnet(error as Error)) throw error;
    const telnet = await byTelnet(asking, first);
    if (telnet.flavour === 'unknown')
      return { ...telnet, ok: false, words: `no HTTP here (${wordsOf(error as Error)}); by telnet: ${telnet.words}` };
    return { ok: false, flavour: 'telnet', words: `no HTTP here, but telnet (${telnet.words}): use --put telnet` };
  }
}

/** An empty list stores nothing. */
async function byPut(
  asking: QueryOptions,
  version: { readonly status: number; readonly text: string },
): Promise<Finding> {
  const put = await query(asking, '/api/put?details', []);
  const seen = `answered ${version.status} to /api/version and ${put.status} to an empty put`;
  if (/^\s*\{.*No datapoints found/s.test(put.text))
    return { ok: true, flavour: 'opentsdb', words: `OpenTSDB that hides its version (${seen})` };
  const isInflux = version.status === 404 && (await query(asking, '/api/metadata/put')).status === 204;
  if (isInflux)
    return { ok: true, flavour: 'influxdb', words: `InfluxDB: it drops what it cannot read without a word (${seen})` };
  if (put.status !== 204) return { ok: false, flavour: 'unknown', words: `${seen}: ${quoted(put.text)}` };
  return isVictoriaMetrics(version.text)
    ? {
        ok: true,
        flavour: 'victoriametrics',
        words: `VictoriaMetrics: it drops what it cannot read without a word (${seen})`,
      }
    : { ok: true, flavour: 'accepts-all', words: `a receiver that says 204 to everything (${seen})` };
}

function openTsdbVersion(text: string): string | undefined {
  try {
    const { version } = JSON.parse(text) as { readonly version?: unknown };
    return typeof version === 'string' ? version.slice(0, 100) : undefined;
  } catch {
    return undefined;
  }
}

/** Something took the connection and did not answer in HTTP. */
function isPerhapsTelnet(error: Error): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return (
    code.startsWith('HPE_') ||
    /^no answer within|Parse Error|hang up|ECONNRESET/.test(error.message) ||
    code === 'ECONNRESET'
  );
}

/** The answer to `version` by telnet. */
async function byTelnet(asking: QueryOptions, first: <T>(answer: T) => T): Promise<Finding> {
  const { host, clock, timeoutMs, signal } = asking;
  const socket = connect({ host: host.hostname, port: host.port });
  try {
    await within(clock, timeoutMs, signal, () => once(socket, 'connect'));
    first(undefined);
    socket.write('version\n');
    const answer = await within(clock, timeoutMs, signal, () => once(socket, 'data')).catch((error: Error) => {
      signal.throwIfAborted();
      return error;
    });
    if (answer instanceof Error)
      return {
        ok: true,
        flavour: 'unknown',
        words: `takes connections and does not answer to \`version\` (${answer.message})`,
      };
    return String(answer).startsWith('HTTP/') ? await puzzledHttp(asking) : telnetFinding(String(answer));
  } finally {
    socket.destroy();
  }
}

function telnetFinding(text: string): Finding {
  const opentsdb = /^net\.opentsdb\S* (\S+)/.exec(text);
  if (opentsdb !== null) return { ok: true, flavour: 'opentsdb', words: `OpenTSDB ${opentsdb[1]}` };
  const flavour = text.startsWith('InfluxDB') ? 'influxdb' : 'telnet';
  return { ok: true, flavour, words: `answers ${quoted(text)} to \`version\`` };
}

/** VictoriaMetrics takes everything but `put` for HTTP on the port where it speaks both, and has a port for HTTP alone as well. */
async function puzzledHttp(asking: QueryOptions): Promise<Finding> {
  const version = await query(asking, '/api/version');
  if (!isVictoriaMetrics(version.text))
    return { ok: false, flavour: 'unknown', words: 'speaks HTTP and not telnet: use --put http' };
  const flavour = 'victoriametrics';
  if (!(await takesPutForHttp(asking)))
    return { ok: true, flavour, words: 'VictoriaMetrics: it answers nothing by telnet' };
  return {
    ok: false,
    flavour,
    words: 'VictoriaMetrics, its port for HTTP alone: use --put http, or the port of -opentsdbListenAddr',
  };
}

/** Whether a put without a point, which stores nothing, is answered as a bad request. By telnet it meets with silence. */
async function takesPutForHttp({ host, clock, timeoutMs, signal }: QueryOptions): Promise<boolean> {
  const socket = connect({ host: host.hostname, port: host.port });
  let answer = '';
  try {
    socket.setEncoding('utf8').on('data', (text: string) => void (answer += text));
    await within(clock, timeoutMs, signal, async () => {
      const ended = new Promise<void>((resolve, reject) => socket.once('close', () => resolve()).once('error', reject));
      socket.end('put \n');
      await ended;
    });
    return answer.startsWith('HTTP/');
  } finally {
    socket.destroy();
  }
}

function isVictoriaMetrics(text: string): boolean {
  return /path requested on HTTP OpenTSDB server/.test(text);
}

function once(socket: ReturnType<typeof connect>, event: 'connect' | 'data'): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve).once('error', reject);
    socket.once('close', () => reject(new Error('connection closed')));
  });
}

/** An error of the connection, with its code where the message does not tell it: got on Node 24 says no more than ERR_SOCKET_CLOSED_BEFORE_CONNECTION. */
function wordsOf(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}
