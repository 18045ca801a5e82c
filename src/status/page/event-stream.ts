// The page's connection to the bridge: live messages by server-sent events, and queries.

import type { Slot, StatusMessage } from '../messages.ts';
import { byId, setText } from './markup.ts';
import { time } from './numbers.ts';

interface EventHandlers {
  readonly now: (now: StatusMessage) => void;
  readonly hour: (slots: readonly Slot[]) => void;
  readonly slot: (slot: Slot) => void;
}

/** Listens while the page is open. The browser reconnects by itself. */
export function openEventStream(handlers: EventHandlers): void {
  const events = new EventSource('status/events');
  let lastAtMs: number | undefined;
  const show = (isLive: boolean, text: string): void => {
    document.body.dataset['live'] = String(isLive);
    setText(byId('connection'), text);
  };
  events.addEventListener('error', () => {
    const isClosed = events.readyState === EventSource.CLOSED;
    const reason = isClosed
      ? 'the bridge does not take more watchers, or is another now. Load the page again.'
      : 'the bridge does not answer. Trying again …';
    show(false, lastAtMs === undefined ? `Not live: ${reason}` : `Not live, figures of ${time(lastAtMs)}: ${reason}`);
    if (!document.title.startsWith('Not live')) document.title = `Not live – ${document.title}`;
  });
  events.addEventListener('now', ({ data }) => {
    const now = JSON.parse(data as string) as StatusMessage;
    lastAtMs = now.atMs;
    show(true, 'Live');
    handlers.now(now);
  });
  events.addEventListener('hour', ({ data }) => handlers.hour(JSON.parse(data as string) as Slot[]));
  events.addEventListener('slot', ({ data }) => handlers.slot(JSON.parse(data as string) as Slot));
}

/** @throws an Error with the answer unless it is 2xx */
export async function fetchJson<Answer>(path: string): Promise<Answer> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}
