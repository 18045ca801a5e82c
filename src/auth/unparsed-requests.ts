// Answers clients that did not send a valid request: oversized headers, timeouts, or bytes that are not HTTP.

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type UnparsedRequest = 'headersTooLarge' | 'timedOut' | 'notHttp';

const answers: Readonly<Record<UnparsedRequest, readonly [status: string, message: string]>> = {
  headersTooLarge: ['431 Request Header Fields Too Large', 'headers: at most 16 KiB'],
  timedOut: ['408 Request Timeout', 'request: headers within 10 s, all of it within 15 s'],
  notHttp: ['400 Bad Request', 'request: not HTTP'],
};

/**
 * Writes the answer on the socket itself, unless a response has begun there.
 *
 * @param error - from Node's `clientError` event
 */
export function answerUnparsed(
  { code }: NodeJS.ErrnoException,
  socket: Socket,
  response: ServerResponse | undefined,
): UnparsedRequest {
  const reason =
    code === 'HPE_HEADER_OVERFLOW' ? 'headersTooLarge' : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'timedOut' : 'notHttp';
  const hasBegun = response?.headersSent === true && !response.writableEnded;
  if (!socket.writable || code === 'ECONNRESET' || hasBegun) return reason;
  const [status, message] = answers[reason];
  const body = JSON.stringify({ error: message });
  const head = ['Content-Type: application/json; charset=utf-8', `Content-Length: ${body.length}`, 'Connection: close'];
  socket.write(`HTTP/1.1 ${status}\r\n${head.join('\r\n')}\r\n\r\n${body}`);
  return reason;
}
