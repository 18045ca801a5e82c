// The live events: what is told every second, and whether anything is told at all.

import type { StatusMessage, Slot } from '../messages.ts';
import { byId, say } from './markup.ts';
import { time } from './numbers.ts';

export interface Listeners {
  readonly now: (now: StatusMessage) => void;
  readonly hour: (slots: readonly Slot[]) => void;
  readonly slot: (slot: Slot) => void;
}

/** Listens for as long as the page is open; the browser connects again by itself. */
export function listenLive(listeners: Listeners): void {
  const events = new EventSource('status/events');
  let toldAtMs: number | undefined;
  const show = (isLive: boolean, text: string): void => {
    document.body.dataset['live'] = String(isLive);
    say(byId('connection'), text);
  };
  const silent = (why: string): void => {
    show(false, toldAtMs === undefined ? `Not live: ${why}` : `Not live, figures of ${time(toldAtMs)}: ${why}`);
    if (!document.title.startsWith('Not live')) document.title = `Not live – ${document.title}`;
  };
  events.addEventListener('error', () => {
    const isOver = events.readyState === EventSource.CLOSED;
    silent(
      isOver
        ? 'the bridge does not take more watchers, or is another now. Load the page again.'
        : 'the bridge does not answer. Trying again …',
    );
  });
  events.addEventListener('now', ({ data }) => {
    const now = JSON.parse(data as string) as StatusMessage;
    toldAtMs = now.atMs;
    show(true, 'Live');
    listeners.now(now);
  });
  events.addEventListener('hour', ({ data }) => listeners.hour(JSON.parse(data as string) as Slot[]));
  events.addEventListener('slot', ({ data }) => listeners.slot(JSON.parse(data as string) as Slot));
}

/** What the bridge answers to a question; throws its words when it does not like it. */
export async function asked<Answer>(path: string): Promise<Answer> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}
