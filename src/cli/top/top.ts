// `top`: shows a running bridge on a screen of the terminal, or as a line a second.

import type { Command } from 'commander';
import { type AdminAccess, readAdminFile } from '../../admin/admin-file.ts';
import type { RecentPush, Slot } from '../../status/messages.ts';
import { pageAddress } from '../../status/page-address.ts';
import { httpUrl } from '../argument-parsers.ts';
import type { BindAction, CommandContext, Output } from '../command-context.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import { commandConfig } from '../load-config.ts';
import { withSettings } from '../setting-options.ts';
import { type LiveMessage, liveMessages } from './live-messages.ts';
import { plainLine, screen, type TopState } from './screen.ts';

interface TopFlags {
  readonly adminUrl?: string;
  readonly plain?: boolean;
  readonly url?: boolean;
}

export function define(command: Command, bind: BindAction): void {
  withSettings(command)
    .description('watch a running bridge in the terminal')
    .option(
      '--admin-url <url>',
      'the second listener of a bridge elsewhere (default: of the one that uses the state directory)',
      httpUrl('http://bridge.example:8081'),
    )
    .option('--plain', 'a line a second, as where there is no terminal')
    .option(
      '--url',
      'print the address of the status page, with the token that lets it retry and drop dead letters, and end',
    )
    .action(bind(topAction));
}

async function topAction(command: Command, context: CommandContext): Promise<number> {
  const { adminUrl, plain, url: printsUrl = false } = command.opts<TopFlags>();
  if (printsUrl && adminUrl !== undefined)
    command.error('error: --url is for the bridge that uses the state directory, and --admin-url for one elsewhere');
  const access = adminUrl === undefined ? await localAccess(command, context) : { url: adminUrl, token: '' };
  if (!printsUrl) return top(access.url, context, plain);
  context.stdout.write(`${pageAddress(access)}\n`);
  return 0;
}

async function localAccess(command: Command, context: CommandContext): Promise<AdminAccess> {
  const { stateDir } = commandConfig(command, context).config;
  const access = await readAdminFile(stateDir);
  if (access !== undefined) return access;
  throw new CommandError(`state directory ${stateDir}: there is no admin.json in it; no bridge runs with it`);
}

const maxRecent = 50;
const maxSlots = 720;

/** Switch to the alternate screen and hide the cursor; and back. */
const enter = '\u001B[?1049h\u001B[?25l';
const leave = '\u001B[?25h\u001B[?1049l';
const home = '\u001B[H';
const clearLine = '\u001B[K';
const clearBelow = '\u001B[J';

type TopContext = Pick<CommandContext, 'stdout' | 'clock' | 'stop'>;

/**
 * Runs until `stop`. Exit code 69 when the bridge never answered.
 *
 * @param url - of the bridge's second listener
 * @param plain - writes lines even on a terminal
 */
export async function top(url: string, context: TopContext, plain = false): Promise<number> {
  const { stdout } = context;
  if (plain || stdout.isTTY !== true) return follow(url, context, lineWriter(stdout));
  stdout.write(enter);
  try {
    return await follow(url, context, screenWriter(stdout));
  } finally {
    stdout.write(leave);
  }
}

type Show = (state: TopState, message: LiveMessage) => void;

async function follow(url: string, { clock, stop }: TopContext, show: Show): Promise<number> {
  let state: TopState = { url, now: undefined, slots: [], recent: [], problem: undefined };
  for await (const message of liveMessages(url, clock, stop)) {
    state = withMessage(state, message);
    show(state, message);
  }
  return state.now === undefined ? exitCodes.unavailable : 0;
}

export function withMessage(state: TopState, { now, hour, slot, problem }: LiveMessage): TopState {
  const slots: readonly Slot[] = hour ?? (slot === undefined ? state.slots : [...state.slots, slot].slice(-maxSlots));
  const recent: readonly RecentPush[] =
    now === undefined ? state.recent : [...state.recent, ...now.recent].slice(-maxRecent);
  return { ...state, slots, recent, now: now ?? state.now, problem };
}

/** Writes a problem once until the bridge answers again. */
function lineWriter(stdout: Output): Show {
  let written: string | undefined;
  return (_, { now, problem }) => {
    if (now !== undefined) stdout.write(`${plainLine(now)}\n`);
    else if (problem !== undefined && problem !== written) stdout.write(`${problem}\n`);
    written = now === undefined ? (problem ?? written) : undefined;
  };
}

function screenWriter(stdout: Output): Show {
  return (state) => {
    const size = { columns: stdout.columns ?? 80, rows: Math.max(2, (stdout.rows ?? 24) - 1) };
    const lines = screen(state, size).map((line) => `${line}${clearLine}`);
    stdout.write(`${home}${lines.join('\r\n')}${clearBelow}`);
  };
}
