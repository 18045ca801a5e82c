// Reads the live events of a bridge, wherever it runs, and connects again when they break off.

import { request, type IncomingMessage } from 'node:http';
import { request as requestSafely } from 'node:https';
import type { Clock } from '../../runtime/clock.ts';
import type { StatusMessage, Slot } from '../../status/messages.ts';

export interface Message {
  readonly now?: StatusMessage;
  readonly hour?: readonly Slot[];
  readonly slot?: Slot;
  /** Why nothing comes at the moment. */
  readonly trouble?: string;
}

export interface LiveOptions {
  /** Of the second listener. */
  readonly url: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A message a second comes; after so much silence nobody is there any more. */
const silenceMs = 10_000;
const pauseMs = 1000;
/** Whole messages are some ten thousand bytes. */
const mostLength = 4 << 20;

/** Until the signal. */
export async function* liveMessages({ url, clock, signal }: LiveOptions): AsyncGenerator<Message> {
  while (!signal.aborted) {
    try {
      for await (const message of messagesOf(await opened(url, signal))) yield message;
      yield { trouble: `the bridge at ${url} has ended its answer` };
    } catch (error) {
      if (!signal.aborted) yield { trouble: `the bridge at ${url} does not answer: ${(error as Error).message}` };
    }
    await clock.sleep(pauseMs, { signal }).catch(() => undefined);
  }
}

async function opened(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  const address = new URL('status/events', url.endsWith('/') ? url : `${url}/`);
  const ask = address.protocol === 'https:' ? requestSafely : request;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asking = ask(address, { headers: { accept: 'text/event-stream' }, signal, agent: false }, resolve);
    asking.setTimeout(silenceMs, () => asking.destroy(new Error(`nothing for ${silenceMs / 1000} s`)));
    asking.once('error', reject);
    asking.end();
  });
  if (response.statusCode === 200 && /^text\/event-stream/.test(response.headers['content-type'] ?? ''))
    return response;
  response.destroy();
  throw new Error(`expected live events, found an answer ${response.statusCode}`);
}

async function* messagesOf(response: IncomingMessage): AsyncGenerator<Message> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const events = (rest + String(chunk)).split('\n\n');
    rest = events.pop() ?? '';
    if (rest.length > mostLength) throw new Error(`an event of more than ${mostLength} characters`);
    for (const event of events) {
      const [, name = '', data = 'null'] = /^event: (now|hour|slot)\ndata: (.*)$/.exec(event) ?? [];
      if (name !== '') yield { [name]: JSON.parse(data) as unknown };
    }
  }
}
