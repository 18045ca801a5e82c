// A sender of arbitrary bytes and headers.

import { request } from 'node:http';
import { connect } from 'node:net';

export interface Answer {
  /** 0: no answer. */
  readonly status: number;
  readonly ms: number;
}

export function send(
  url: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const fromMs = performance.now();
  return new Promise((resolve) => {
    const answered = (status: number): void => resolve({ status, ms: performance.now() - fromMs });
    const sent = request(url, { method: 'POST', headers: { connection: 'close', ...headers } });
    sent.once('response', (response) => {
      response.once('error', () => {});
      response.resume();
      answered(response.statusCode ?? 0);
    });
    sent.once('error', () => answered(0));
    sent.end(body);
  });
}

export interface Stream {
  /** The first line of the answer, and the number of bytes sent before it. */
  readonly answer: string;
  readonly sentBytes: number;
  readonly ms: number;
}

/** Sends a head and then endless data, until an answer, the end of the connection, or `maxBytes`. */
export function stream(url: string, head: string, chunk: Buffer, maxBytes: number): Promise<Stream> {
  const { hostname, port } = new URL(url);
  const fromMs = performance.now();
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let sentBytes = 0;
    let answer = '';
    const write = (): void => {
      while (sentBytes < maxBytes && !socket.destroyed && answer === '') {
        sentBytes += chunk.length;
        if (!socket.write(chunk)) return void socket.once('drain', write);
      }
      if (sentBytes >= maxBytes) socket.end();
    };
    socket.on('data', (data: Buffer) => {
      answer += data.toString('latin1');
      socket.destroy();
    });
    socket.on('error', () => {});
    socket.once('close', () =>
      resolve({ answer: answer.split('\r\n')[0] ?? '', sentBytes, ms: performance.now() - fromMs }),
    );
    socket.write(head);
    write();
  });
}
