// The `top` command: a running bridge, live in the terminal, or a line a second where there is no terminal.

import type { Clock } from '../../runtime/clock.ts';
import type { RecentPush, Slot } from '../../status/messages.ts';
import type { Output } from '../command-context.ts';
import { liveMessages, type Message } from './live-messages.ts';
import { plainLine, screen, type Shown } from './screen.ts';

export interface TopOptions {
  /** Of the bridge's second listener. */
  readonly url: string;
  /** Lines in place of a screen, also on a terminal. */
  readonly plain?: boolean;
  readonly stdout: Output;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How many seconds to show; default until the signal. */
  readonly seconds?: number;
}

const unavailable = 69;
const keptPushes = 50;
const keptSlots = 720;

/** To the other screen and back, and the cursor out of sight meanwhile. */
const enter = '\u001B[?1049h\u001B[?25l';
const leave = '\u001B[?25h\u001B[?1049l';
const home = '\u001B[H';
const clearLine = '\u001B[K';
const clearBelow = '\u001B[J';

/** Shows until the signal. Exit code 69 when nothing was ever told. */
export async function top(options: TopOptions): Promise<number> {
  const { stdout, plain = stdout.isTTY !== true } = options;
  if (plain) return shownAs(options, lines(stdout));
  stdout.write(enter);
  try {
    return await shownAs(options, screens(stdout));
  } finally {
    stdout.write(leave);
  }
}

type Show = (state: Shown, message: Message) => void;

async function shownAs({ url, clock, signal, seconds = Infinity }: TopOptions, show: Show): Promise<number> {
  const end = new AbortController();
  let state: Shown = { url, now: undefined, slots: [], recent: [], trouble: undefined };
  let told = 0;
  for await (const message of liveMessages({ url, clock, signal: AbortSignal.any([signal, end.signal]) })) {
    state = withMessage(state, message);
    show(state, message);
    if (message.now !== undefined) told += 1;
    if (told >= seconds) end.abort();
  }
  return told > 0 ? 0 : unavailable;
}

export function withMessage(state: Shown, { now, hour, slot, trouble }: Message): Shown {
  const slots: readonly Slot[] = hour ?? (slot === undefined ? state.slots : [...state.slots, slot].slice(-keptSlots));
  const recent: readonly RecentPush[] =
    now === undefined ? state.recent : [...state.recent, ...now.recent].slice(-keptPushes);
  return { ...state, slots, recent, now: now ?? state.now, trouble };
}

function lines(stdout: Output): Show {
  let said: string | undefined;
  return (_, { now, trouble }) => {
    if (now !== undefined) stdout.write(`${plainLine(now)}\n`);
    else if (trouble !== undefined && trouble !== said) stdout.write(`${trouble}\n`);
    said = now === undefined ? (trouble ?? said) : undefined;
  };
}

function screens(stdout: TopOptions['stdout']): Show {
  return (state) => {
    const size = { columns: stdout.columns ?? 80, rows: Math.max(2, (stdout.rows ?? 24) - 1) };
    stdout.write(
      `${home}${screen(state, size)
        .map((line) => `${line}${clearLine}`)
        .join('\r\n')}${clearBelow}`,
    );
  };
}
