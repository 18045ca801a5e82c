// Probes an OpenTSDB address before any points are sent: which product answers, and whether it accepts the configured
// put protocol. Stores nothing.

import { connect, type Socket } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import { within } from '../../runtime/deadline.ts';
import { socketEvent } from '../socket-event.ts';
import { field, parseJson } from './http/json.ts';
import { query, type QueryAnswer, type QueryOptions, withConnections } from './http/query.ts';
import { redact } from './http/redact.ts';
import { quoted } from './no-verdict.ts';

/** `accepts-all`: answers 204 to every put that it can read. `telnet`: speaks telnet only. */
export type Flavour = 'opentsdb' | 'victoriametrics' | 'influxdb' | 'accepts-all' | 'telnet' | 'unknown';

export interface Probe {
  /** Points can be put there by the protocol of `ProbeOptions.put`. */
  readonly ok: boolean;
  readonly flavour: Flavour;
  /** Names the product, or describes the answer; without secrets. */
  readonly words: string;
  readonly roundTripMs: number;
}

export interface ProbeOptions {
  readonly url: string;
  readonly clock: Clock;
  /** The put protocol; default http. */
  readonly put?: 'http' | 'telnet';
  readonly headers?: Readonly<Record<string, string>>;
  readonly caFile?: string | undefined;
  /** For each request; default 5000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

type Finding = Omit<Probe, 'roundTripMs'>;

/** Asks for the version by HTTP, and where that fails by telnet. Rejects only when the signal aborts. */
export async function probeTsdb(options: ProbeOptions): Promise<Probe> {
  const { url, clock, put = 'http', headers = {}, caFile, timeoutMs = 5_000 } = options;
  const { signal = new AbortController().signal } = options;
  const redactText = redact({ headers, urls: [url] });
  const startedMs = clock.steady();
  let roundTripMs = 0;
  const onAnswer = (): void => {
    roundTripMs ||= Math.round(clock.steady() - startedMs);
  };
  try {
    const probe = put === 'http' ? probeHttp : probeTelnet;
    const finding = await withConnections({ url, headers, caFile, clock, timeoutMs, signal }, (host) =>
      probe(host, onAnswer),
    );
    return { ...finding, words: redactText(finding.words), roundTripMs };
  } catch (error) {
    signal.throwIfAborted();
    return { ok: false, flavour: 'unknown', words: redactText(describeError(error as Error)), roundTripMs };
  }
}

async function probeHttp(host: QueryOptions, onAnswer: () => void): Promise<Finding> {
  try {
    const version = await query(host, '/api/version');
    onAnswer();
    const { status, text } = version;
    const found = openTsdbVersion(text);
    if (status === 200 && found !== undefined) return { ok: true, flavour: 'opentsdb', words: `OpenTSDB ${found}` };
    if (![401, 403, 407].includes(status)) return await probePut(host, version);
    const words = `answered ${status}, user and password or a header may be missing: ${quoted(text)}`;
    return { ok: false, flavour: 'unknown', words };
  } catch (error) {
    host.signal.throwIfAborted();
    if (!mayBeTelnet(error as Error)) throw error;
    const telnet = await probeTelnet(host, onAnswer);
    if (telnet.flavour !== 'unknown')
      return { ok: false, flavour: 'telnet', words: `no HTTP here, but telnet (${telnet.words}): use --put telnet` };
    const words = `no HTTP here (${describeError(error as Error)}); by telnet: ${telnet.words}`;
    return { ok: false, flavour: 'unknown', words };
  }
}

/** Puts an empty list, which stores nothing. */
async function probePut(host: QueryOptions, version: QueryAnswer): Promise<Finding> {
  const put = await query(host, '/api/put?details', []);
  const answers = `answered ${version.status} to /api/version and ${put.status} to an empty put`;
  if (/^\s*\{.*No datapoints found/s.test(put.text))
    return { ok: true, flavour: 'opentsdb', words: `OpenTSDB that hides its version (${answers})` };
  const isInflux = version.status === 404 && (await query(host, '/api/metadata/put')).status === 204;
  const lossy = `it drops what it cannot read without a word (${answers})`;
  if (isInflux) return { ok: true, flavour: 'influxdb', words: `InfluxDB: ${lossy}` };
  if (put.status !== 204) return { ok: false, flavour: 'unknown', words: `${answers}: ${quoted(put.text)}` };
  return isVictoriaMetrics(version.text)
    ? { ok: true, flavour: 'victoriametrics', words: `VictoriaMetrics: ${lossy}` }
    : { ok: true, flavour: 'accepts-all', words: `a receiver that says 204 to everything (${answers})` };
}

function openTsdbVersion(text: string): string | undefined {
  const version = field(parseJson(text), 'version');
  return typeof version === 'string' ? version.slice(0, 100) : undefined;
}

/** The connection was accepted and the answer is not HTTP. */
function mayBeTelnet(error: Error): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return (
    code.startsWith('HPE_') ||
    /^no answer within|Parse Error|hang up|ECONNRESET/.test(error.message) ||
    code === 'ECONNRESET'
  );
}

/** Sends `version` by telnet. */
async function probeTelnet(host: QueryOptions, onAnswer: () => void): Promise<Finding> {
  const { clock, timeoutMs, signal } = host;
  const socket = socketTo(host);
  try {
    await within(clock, timeoutMs, signal, () => socketEvent(socket, 'connect'));
    onAnswer();
    socket.write('version\n');
    const answer = await within(clock, timeoutMs, signal, () => socketEvent(socket, 'data')).catch((error: Error) => {
      signal.throwIfAborted();
      return error;
    });
    if (answer instanceof Error) {
      const words = `takes connections and does not answer to \`version\` (${answer.message})`;
      return { ok: true, flavour: 'unknown', words };
    }
    return String(answer).startsWith('HTTP/') ? await httpInsteadOfTelnet(host) : telnetFinding(String(answer));
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

/**
 * VictoriaMetrics has a port for HTTP alone, and one for both protocols, on which it reads everything but `put` as HTTP.
 * So an HTTP answer to `version` does not exclude telnet.
 */
async function httpInsteadOfTelnet(host: QueryOptions): Promise<Finding> {
  const version = await query(host, '/api/version');
  if (!isVictoriaMetrics(version.text))
    return { ok: false, flavour: 'unknown', words: 'speaks HTTP and not telnet: use --put http' };
  const flavour = 'victoriametrics';
  if (!(await readsPutAsHttp(host)))
    return { ok: true, flavour, words: 'VictoriaMetrics: it answers nothing by telnet' };
  const words = 'VictoriaMetrics, its port for HTTP alone: use --put http, or the port of -opentsdbListenAddr';
  return { ok: false, flavour, words };
}

/** Sends a put line without a point, which stores nothing. HTTP answers it as a bad request, telnet not at all. */
async function readsPutAsHttp(host: QueryOptions): Promise<boolean> {
  const socket = socketTo(host);
  let answer = '';
  try {
    socket.setEncoding('utf8').on('data', (text: string) => void (answer += text));
    await within(host.clock, host.timeoutMs, host.signal, async () => {
      const ended = new Promise<void>((resolve, reject) => socket.once('close', () => resolve()).once('error', reject));
      socket.end('put \n');
      await ended;
    });
    return answer.startsWith('HTTP/');
  } finally {
    socket.destroy();
  }
}

function socketTo({ host: { hostname, port } }: QueryOptions): Socket {
  return connect({ host: hostname, port });
}

function isVictoriaMetrics(text: string): boolean {
  return /path requested on HTTP OpenTSDB server/.test(text);
}

/** Adds the code where the message lacks it: on Node 24 got reports ERR_SOCKET_CLOSED_BEFORE_CONNECTION only so. */
function describeError(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}
