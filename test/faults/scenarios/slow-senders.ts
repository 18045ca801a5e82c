// F18: senders with slow heads, slow bodies and slow reads. Each gets a 408 or is cut, and a well-behaved sender is not
// affected.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { compared, comparison, disturbed } from '../bystander.ts';
import { type Crowd, crowd, type CrowdOptions } from '../crowd.ts';
import { judge } from '../judge.ts';
import { requireTool } from '../missing-tool.ts';
import type { Form, Scenario } from '../scenario.ts';
import { becomes, openStage, type Stage } from '../stage.ts';

const run = promisify(execFile);
const kinds: readonly (readonly [name: string, first: string, repeated: string])[] = [
  ['slow heads', 'POST / HTTP/1.1\r\nHost: x\r\n', 'A: b\r\n'],
  ['slow bodies', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{', ' '],
  ['silence', '', ''],
];
/** Connections of well-behaved senders, and some that are closing. */
const usualConnections = 20;
/** Longer than the timeouts of 10 s for the head and 15 s for the request. */
const patienceMs = 40_000;
/** The flags of slowhttptest for slow heads, bodies and reads. */
const slowTests: readonly (readonly string[])[] = [
  ['-H', '-i', '5'],
  ['-B', '-i', '5', '-s', '8192'],
  ['-X', '-w', '1', '-y', '8', '-n', '5', '-z', '1', '-k', '3'],
];

export const slowSenders: Scenario = {
  id: 'F18',
  title: 'slow heads, slow bodies, slow readers',
  async play({ form, seed, closing }) {
    if (form === 'long') requireTool('F18', 'slowhttptest', ['-h']);
    const stage = await openStage({ seed, closing });
    await stage.begin();
    const slow = await compared(stage, form, () => slowCrowds(stage, form));
    const timedOut = slow.result.reduce((sum, { answers }) => sum + (answers['408'] ?? 0), 0);
    const faults = [
      ...disturbed('slow crowds', slow.during, slow.barMs),
      ...slow.result.flatMap(unanswered),
      ...(timedOut > 0 ? [] : ['nobody was answered 408']),
    ];
    const figures = [
      ...slow.result.map(({ name, requested, answers }) => `${requested} × ${name}: ${textOf(answers)}`),
      comparison(slow),
    ];
    for (const flags of form === 'long' ? slowTests : []) {
      const test = await compared(stage, form, () => slowHttpTest(stage, flags));
      figures.push(`slowhttptest ${flags[0]}, 2000 connections from one address: ${test.result}, ${comparison(test)}`);
      faults.push(...disturbed(`slowhttptest ${flags[0]}`, test.during, test.barMs));
    }
    return { verdicts: [await judge(stage)], figures: figures.join('; '), faults };
  },
};

interface CrowdEnd {
  readonly name: string;
  readonly requested: number;
  readonly answers: Readonly<Record<string, number>>;
}

/** Opens all kinds at once; in the long form more than the limit of connections. */
async function slowCrowds({ bridge }: Stage, form: Form): Promise<readonly CrowdEnd[]> {
  const count = form === 'long' ? 1_500 : 200;
  const url = bridge.pushUrl() ?? '';
  const crowds: Crowd[] = [];
  for (const [, first, repeated] of kinds)
    crowds.push(await crowd({ url, count, addresses: 20, first, repeated } satisfies CrowdOptions));
  await becomes(() => crowds.every((one) => one.open() === 0), patienceMs, 100);
  const ends = crowds.map((one, at) => ({
    name: kinds[at]?.[0] ?? '',
    requested: count,
    answers: one.answers(),
    open: one.open(),
  }));
  const held = (await bridge.status())?.access.connections.open ?? Infinity;
  for (const one of crowds) one.close();
  const name = held <= usualConnections ? 'unaccepted' : 'open';
  return ends.map(({ open, ...end }) => ({ ...end, answers: { ...end.answers, ...(open > 0 && { [name]: open }) } }));
}

/**
 * Checks that each was answered 408 or cut. The bridge's count is used, since a full backlog leaves connections
 * half-open.
 */
function unanswered({ name, requested, answers }: CrowdEnd): string[] {
  const { 408: timedOut = 0, '': cut = 0, unaccepted = 0 } = answers;
  return timedOut + cut + unaccepted === requested ? [] : [`${requested} × ${name}: ${textOf(answers)}`];
}

function textOf(answers: Readonly<Record<string, number>>): string {
  return Object.entries(answers)
    .map(([status, times]) => `${times} ${status === '' ? 'cut' : status}`)
    .join(', ');
}

/** Parses the final counts of slowhttptest. */
async function slowHttpTest({ bridge }: Stage, flags: readonly string[]): Promise<string> {
  const args = [...flags, '-c', '2000', '-r', '500', '-l', '30', '-u', `${bridge.pushUrl()}/`, '-t', 'POST'];
  const { stdout } = await run('slowhttptest', args, { maxBuffer: 2 ** 26 });
  const counted = [
    ...stdout.replaceAll(/\x1b\[[0-9;]*m/g, '').matchAll(/(initializing|pending|connected|error|closed):\s+(\d+)/g),
  ].slice(-5);
  return counted.map(([, state, count]) => `${count} ${state}`).join(', ');
}
