// Sends a push over HTTP as an agent does: one POST, of whose answer only the status counts.

import * as http from 'node:http';
import * as https from 'node:https';

/** Resolves with the status of the answer; rejects when there is none, or when the signal aborts. */
export type Post = (body: string, signal: AbortSignal) => Promise<number>;

export interface PosterOptions {
  /** A connection for each push, as from as many agents; otherwise connections are used again. */
  readonly freshConnections?: boolean;
}

export interface Poster {
  readonly post: Post;
  close(): void;
}

/**
 * Makes the sender for a target, an http or https URL.
 *
 * @throws TypeError when it is neither
 */
export function poster(target: string, { freshConnections = false }: PosterOptions = {}): Poster {
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
