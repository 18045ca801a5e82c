// The answers to what never became a request: headers without end, requests that take too long, what is no HTTP.

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export type UnparsedRequest = 'headersTooLarge' | 'timedOut' | 'notHttp';

const answers: Readonly<Record<UnparsedRequest, readonly [status: string, words: string]>> = {
  headersTooLarge: ['431 Request Header Fields Too Large', 'headers: at most 16 KiB'],
  timedOut: ['408 Request Timeout', 'request: headers within 10 s, all of it within 15 s'],
  notHttp: ['400 Bad Request', 'request: not HTTP'],
};

/**
 * Answers on a bare socket, unless an answer is under way there.
 *
 * @param error - Node's, out of `clientError`
 */
export function answerUnparsed(
  { code }: NodeJS.ErrnoException,
  socket: Socket,
  response: ServerResponse | undefined,
): UnparsedRequest {
  const unread =
    code === 'HPE_HEADER_OVERFLOW' ? 'headersTooLarge' : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'timedOut' : 'notHttp';
  const isFree = response === undefined || response.writableEnded || !response.headersSent;
  if (!socket.writable || code === 'ECONNRESET' || !isFree) return unread;
  const [status, words] = answers[unread];
  const body = JSON.stringify({ error: words });
  const head = ['Content-Type: application/json; charset=utf-8', `Content-Length: ${body.length}`, 'Connection: close'];
  socket.write(`HTTP/1.1 ${status}\r\n${head.join('\r\n')}\r\n\r\n${body}`);
  return unread;
}
