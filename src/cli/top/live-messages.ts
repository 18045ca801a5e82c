// Reads the event stream of a bridge's status page, and reconnects when it breaks.

import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Clock } from '../../runtime/clock.ts';
import type { Slot, StatusMessage } from '../../status/messages.ts';

/** An event of the stream, or the reason why there is none. */
export interface LiveMessage {
  readonly now?: StatusMessage;
  readonly hour?: readonly Slot[];
  readonly slot?: Slot;
  readonly problem?: string;
}

/** The bridge sends an event a second. */
const silenceMs = 10_000;
const reconnectAfterMs = 1000;
/** The largest events have some ten thousand characters. */
const maxCharacters = 4 << 20;

/**
 * Ends with the signal.
 *
 * @param url - of the second listener
 */
export async function* liveMessages(url: string, clock: Clock, signal: AbortSignal): AsyncGenerator<LiveMessage> {
  while (!signal.aborted) {
    try {
      yield* eventsOf(await openStream(url, signal));
      yield { problem: `the bridge at ${url} has ended its answer` };
    } catch (error) {
      if (!signal.aborted) yield { problem: `the bridge at ${url} does not answer: ${(error as Error).message}` };
    }
    await clock.sleep(reconnectAfterMs, { signal }).catch(() => undefined);
  }
}

async function openStream(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  const address = new URL('status/events', url.endsWith('/') ? url : `${url}/`);
  const send = address.protocol === 'https:' ? requestHttps : requestHttp;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = send(address, { headers: { accept: 'text/event-stream' }, signal, agent: false }, resolve);
    request.setTimeout(silenceMs, () => request.destroy(new Error(`nothing for ${silenceMs / 1000} s`)));
    request.once('error', reject);
    request.end();
  });
  const { statusCode, headers } = response;
  if (statusCode === 200 && headers['content-type']?.startsWith('text/event-stream') === true) return response;
  response.destroy();
  throw new Error(`expected live events, found an answer ${statusCode}`);
}

async function* eventsOf(response: IncomingMessage): AsyncGenerator<LiveMessage> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const events = (rest + String(chunk)).split('\n\n');
    rest = events.pop() ?? '';
    if (rest.length > maxCharacters) throw new Error(`an event of more than ${maxCharacters} characters`);
    for (const event of events) {
      const [, name = '', data = 'null'] = /^event: (now|hour|slot)\ndata: (.*)$/.exec(event) ?? [];
      if (name === '') continue;
      const message = JSON.parse(data) as object;
      if (name === 'now' && !('problems' in message))
        throw new Error('its events are of another version than this command');
      yield { [name]: message };
    }
  }
}
