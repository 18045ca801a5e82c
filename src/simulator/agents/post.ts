// Sends a push over HTTP like an agent: one POST. Only the status of the answer is used.

import * as http from 'node:http';
import * as https from 'node:https';

/** Resolves with the status of the answer. Rejects without one, or once the signal aborts. */
export type Post = (body: string, signal: AbortSignal) => Promise<number>;

export interface Poster {
  readonly post: Post;
  close(): void;
}

/**
 * @param freshConnections - opens a connection per push, as many agents do
 * @throws TypeError if the target is no http or https URL
 */
export function poster(target: string, freshConnections: boolean): Poster {
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new TypeError(`target: expected an http or https URL, found ${JSON.stringify(target)}`);
  }
  const { request, Agent } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: !freshConnections });
  return {
    close: () => agent.destroy(),
    post: (body, signal) =>
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
        const sent = request(url, { method: 'POST', agent, headers, signal }, (answer) => {
          answer.on('error', reject);
          answer.on('end', () => resolve(answer.statusCode ?? 0));
          answer.resume();
        });
        sent.on('error', reject);
        sent.end(body);
      }),
  };
}
