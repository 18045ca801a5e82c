// Probes an OpenTSDB address before any points are sent: which product answers, and whether it accepts the configured
// put protocol. Stores nothing.

import { connect, type Socket } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import { withTimeout } from '../../runtime/deadline.ts';
import { socketEvent } from '../socket-event.ts';
import { field, parseJson } from '../json-answer.ts';
import { query, type QueryAnswer, type QueryOptions, withConnections } from './http/query.ts';
import { redact } from '../redact.ts';
import { quoted } from '../no-verdict.ts';

/** `accepts-all`: answers 204 to every put that it can read. `telnet`: speaks telnet only. */
type TsdProduct = 'opentsdb' | 'victoriametrics' | 'influxdb' | 'accepts-all' | 'telnet' | 'unknown';

export interface Probe {
  /** Points can be put there by the protocol of `ProbeOptions.put`. */
  readonly isUsable: boolean;
  readonly product: TsdProduct;
  /** Names the product, or describes the answer; without secrets. */
  readonly description: string;
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

function usable(product: TsdProduct, description: string): Finding {
  return { isUsable: true, product, description };
}

function unusable(description: string, product: TsdProduct = 'unknown'): Finding {
  return { isUsable: false, product, description };
}

/** Asks for the version by HTTP, and where that fails by telnet. Rejects only when the signal aborts. */
export async function probeTsdb(options: ProbeOptions): Promise<Probe> {
  const { url, clock, put = 'http', headers = {}, caFile, timeoutMs = 5_000 } = options;
  const { signal = new AbortController().signal } = options;
  const redactText = redact([url], headers);
  const startedMs = clock.steady();
  let roundTripMs = 0;
  const onAnswer = (): void => {
    roundTripMs ||= Math.round(clock.steady() - startedMs);
  };
  const probe = put === 'http' ? probeHttp : probeTelnet;
  const connecting = { url, headers, caFile, clock, timeoutMs, signal };
  const finding = await withConnections(connecting, (host) => probe(host, onAnswer)).catch((error: Error) => {
    signal.throwIfAborted();
    return unusable(describeError(error));
  });
  return { ...finding, description: redactText(finding.description), roundTripMs };
}

async function probeHttp(host: QueryOptions, onAnswer: () => void): Promise<Finding> {
  try {
    const version = await query(host, '/api/version');
    onAnswer();
    const { status, text } = version;
    const found = openTsdbVersion(text);
    if (status === 200 && found !== undefined) return usable('opentsdb', `OpenTSDB ${found}`);
    if ([401, 403, 407].includes(status))
      return unusable(`answered ${status}, user and password or a header may be missing: ${quoted(text)}`);
    return await probePut(host, version);
  } catch (error) {
    host.signal.throwIfAborted();
    if (!mayBeTelnet(error as Error)) throw error;
    const telnet = await probeTelnet(host, onAnswer);
    if (telnet.product === 'unknown')
      return unusable(`no HTTP here (${describeError(error as Error)}); by telnet: ${telnet.description}`);
    return unusable(`no HTTP here, but telnet (${telnet.description}): use --put telnet`, 'telnet');
  }
}

/** Puts an empty list, which stores nothing. */
async function probePut(host: QueryOptions, version: QueryAnswer): Promise<Finding> {
  const put = await query(host, '/api/put?details', []);
  const answers = `answered ${version.status} to /api/version and ${put.status} to an empty put`;
  if (/^\s*\{.*No datapoints found/s.test(put.text))
    return usable('opentsdb', `OpenTSDB that hides its version (${answers})`);
  const isInflux = version.status === 404 && (await query(host, '/api/metadata/put')).status === 204;
  if (isInflux) return usable('influxdb', `InfluxDB: it drops what it cannot read without a word (${answers})`);
  if (put.status !== 204) return unusable(`${answers}: ${quoted(put.text)}`);
  return isVictoriaMetrics(version.text)
    ? usable('victoriametrics', `VictoriaMetrics: it drops what it cannot read without a word (${answers})`)
    : usable('accepts-all', `a receiver that says 204 to everything (${answers})`);
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
    await withTimeout(clock, timeoutMs, signal, () => socketEvent(socket, 'connect'));
    onAnswer();
    socket.write('version\n');
    const answer = await withTimeout(clock, timeoutMs, signal, () => socketEvent(socket, 'data')).catch(
      (error: Error) => {
        signal.throwIfAborted();
        return error;
      },
    );
    if (answer instanceof Error)
      return usable('unknown', `takes connections and does not answer to \`version\` (${answer.message})`);
    return String(answer).startsWith('HTTP/') ? await httpInsteadOfTelnet(host) : telnetFinding(String(answer));
  } finally {
    socket.destroy();
  }
}

function telnetFinding(text: string): Finding {
  const opentsdb = /^net\.opentsdb\S* (\S+)/.exec(text);
  if (opentsdb !== null) return usable('opentsdb', `OpenTSDB ${opentsdb[1]}`);
  const product = text.startsWith('InfluxDB') ? 'influxdb' : 'telnet';
  return usable(product, `answers ${quoted(text)} to \`version\``);
}

/**
 * VictoriaMetrics has a port for HTTP alone, and one for both protocols, on which it reads everything but `put` as HTTP.
 * So an HTTP answer to `version` does not exclude telnet.
 */
async function httpInsteadOfTelnet(host: QueryOptions): Promise<Finding> {
  const version = await query(host, '/api/version');
  if (!isVictoriaMetrics(version.text)) return unusable('speaks HTTP and not telnet: use --put http');
  return (await readsPutAsHttp(host))
    ? unusable(
        'VictoriaMetrics, its port for HTTP alone: use --put http, or the port of -opentsdbListenAddr',
        'victoriametrics',
      )
    : usable('victoriametrics', 'VictoriaMetrics: it answers nothing by telnet');
}

/** Sends a put line without a point, which stores nothing. HTTP answers it as a bad request, telnet not at all. */
async function readsPutAsHttp(host: QueryOptions): Promise<boolean> {
  const socket = socketTo(host);
  let answer = '';
  try {
    socket.setEncoding('utf8').on('data', (text: string) => void (answer += text));
    await withTimeout(host.clock, host.timeoutMs, host.signal, async () => {
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
