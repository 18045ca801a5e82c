// A strict InfluxDB 3 (Core): POST /api/v3/write_lp stores lines of numbers, and names the lines that it refuses.

import type { ExecutionContext } from 'ava';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface FakeInfluxDb {
  readonly url: string;
  /** The stored lines as import lines, in order of arrival. */
  stored(): readonly string[];
  /** The bodies of all requests, one after the other. */
  bodies(): Buffer;
  connections(): number;
  /** Refuses each line for which this returns a message. */
  refuse(messageOf: (line: string) => string | undefined): void;
  /** Answers every request with this. */
  answer(status: number, text: string): void;
  /** Answers nothing until it is called with false. */
  hang(isHanging: boolean): void;
  /** Resets every connection until it is called with false. */
  reset(isResetting: boolean): void;
  close(): Promise<void>;
}

const token = 'influx-token';
/** Options of the sink for this receiver. */
export const influxSettings = { database: 'readings', token };

const linePattern = /^([^, #][^, ]*)((?:,[^,= ]+=[^,= ]+)*) value=(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?) (\d{19})$/;
/** InfluxDB 3 answers 422 when one of the messages begins like this. */
const limitPattern = /^Update to schema would exceed number of/;
/** https://docs.influxdata.com/influxdb3/core/write-data/troubleshoot/ */
const maxNamedLines = 100;

/** Listens on a free port until the test has ended. */
export async function fakeInfluxDb(t: Pick<ExecutionContext, 'teardown'>): Promise<FakeInfluxDb> {
  const stored: string[] = [];
  const bodies: Buffer[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let isHanging = false;
  let isResetting = false;
  let scripted: readonly [status: number, text: string] | undefined;
  let refusalOf: (line: string) => string | undefined = () => undefined;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = await request.toArray();
    bodies.push(...chunks);
    if (isHanging) return;
    const [status, text] = scripted ?? refusedRequest(request) ?? write(Buffer.concat(chunks).toString());
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  }

  function write(body: string): readonly [status: number, text: string] {
    const refused: { original_line: string; line_number: number; error_message: string }[] = [];
    for (const [index, line] of body.split('\n').entries()) {
      const [, metric, tags = '', value, nanoseconds = ''] = linePattern.exec(line) ?? [];
      const message = metric === undefined ? 'Could not parse entire line' : refusalOf(line);
      if (message === undefined)
        stored.push([metric, nanoseconds.replace(/0{9}$/, ''), value, ...tags.split(',').slice(1)].join(' '));
      else refused.push({ original_line: line, line_number: index + 1, error_message: message });
    }
    if (refused.length === 0) return [204, ''];
    const status = refused.some(({ error_message }) => limitPattern.test(error_message)) ? 422 : 400;
    const data = refused.slice(0, maxNamedLines);
    return [status, JSON.stringify({ error: 'partial write of line protocol occurred', data })];
  }

  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket.on('close', () => sockets.delete(socket)));
    if (isResetting) socket.resetAndDestroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const dropConnections = (): void => sockets.forEach((socket) => socket.resetAndDestroy());
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      dropConnections();
    });
  t.teardown(close);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stored: () => stored,
    bodies: () => Buffer.concat(bodies),
    connections: () => connections,
    refuse: (messageOf) => void (refusalOf = messageOf),
    answer: (status, text) => void (scripted = [status, text]),
    hang: (hanging) => void (isHanging = hanging),
    reset(resetting) {
      isResetting = resetting;
      dropConnections();
    },
    close,
  };
}

/** Refuses what is not a write to the database with the token, as InfluxDB does. */
function refusedRequest({ method, url = '', headers }: IncomingMessage): readonly [number, string] | undefined {
  const { pathname, searchParams } = new URL(url, 'http://influxdb.example');
  if (pathname !== '/api/v3/write_lp') return [404, 'not found'];
  if (method !== 'POST') return [405, JSON.stringify({ error: 'unsupported method' })];
  if (headers.authorization !== `Bearer ${token}`) return [401, ''];
  if (searchParams.get('db') !== influxSettings.database || searchParams.get('precision') !== 'nanosecond')
    return [400, 'missing query parameters'];
  return undefined;
}
