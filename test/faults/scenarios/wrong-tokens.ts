// F21: a flood of wrong tokens. Each is answered 401 and not stored, and the time of the comparison reveals nothing of
// the valid token.

import { connect } from 'node:net';
import { hashOf, isAmong } from '../../../src/auth/tokens/token-hashes.ts';
import { compared, comparison, disturbed } from '../bystander.ts';
import { judge } from '../judge.ts';
import type { Scenario } from '../scenario.ts';
import { openStage, type Stage } from '../stage.ts';

const token = '6f2d0c9a41b7e35882d4f1a09c3b5e7d';
const senders = 8;
/** Pushes sent at once. */
const pipelined = 25;
const maxLogLines = 10;

export const wrongTokens: Scenario = {
  id: 'F21',
  title: 'wrong tokens without end',
  async play({ form, seed, closing }) {
    const path = `/catchpoint/${token}`;
    const stage = await openStage({ seed, closing, env: { CATCHPOINT_BRIDGE_PUSH_TOKEN: token }, path });
    await stage.begin();
    const count = form === 'long' ? 1_000_000 : 20_000;
    const before = await stage.bridge.status();
    const flood = await compared(stage, form, () => guesses(stage, count), { path });
    const after = await stage.bridge.status();
    const { answers, ms } = flood.result;
    const lines = stage.bridge.printed().filter((line) => line.includes('push token are refused')).length;
    const faults = [
      ...disturbed('wrong tokens', flood.during, flood.barMs),
      ...(answers['401'] === count ? [] : [`${count} wrong tokens were answered ${JSON.stringify(answers)}`]),
      ...(before?.pushes['malformed'] === after?.pushes['malformed'] && after?.deadLetters === 0
        ? []
        : ['something was kept of them']),
      ...(lines <= maxLogLines ? [] : [`${lines} lines of the log`]),
      ...(stage.bridge.printed().some((line) => line.includes(token)) ? ['the token stands in the log'] : []),
    ];
    const timing = form === 'long' ? timings(100_000) : undefined;
    if (timing !== undefined && timing.spread > 1.2)
      faults.push(`comparing takes longer for one prefix than another: ${timing.text}`);
    return {
      verdicts: [await judge(stage)],
      figures: [
        `${count} wrong tokens, ${Math.round((count / ms) * 1000)}/s, all 401, ${lines} lines logged: ${comparison(flood)}`,
        ...(timing === undefined ? [] : [timing.text]),
      ].join('; '),
      faults,
    };
  },
};

/** Every third one differs in one character only. */
async function guesses(
  { bridge }: Stage,
  count: number,
): Promise<{ readonly answers: Readonly<Record<string, number>>; readonly ms: number }> {
  const { hostname, port } = new URL(bridge.pushUrl() ?? '');
  const answers: Record<string, number> = {};
  const fromMs = performance.now();
  const each = (sender: number): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ port: Number(port), host: hostname, localAddress: `127.1.1.${sender + 1}` });
      let left = count / senders;
      let waiting = 0;
      let text = '';
      const next = (): void => {
        if (left === 0) return void socket.end();
        waiting = Math.min(pipelined, left);
        left -= waiting;
        const guess = `${token.slice(0, left % 3 === 0 ? 31 : left % 31)}${left}x`;
        socket.write(`POST /catchpoint/${guess} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}`.repeat(waiting));
      };
      socket.on('data', (data: Buffer) => {
        text += data.toString('latin1');
        for (const [, status = ''] of text.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
          answers[status] = (answers[status] ?? 0) + 1;
          waiting -= 1;
        }
        text = text.slice(text.lastIndexOf('HTTP/1.1 ') + 13);
        if (waiting === 0) next();
      });
      socket.on('error', () => {});
      socket.once('connect', next);
      socket.once('close', () => resolve());
    });
  await Promise.all(Array.from({ length: senders }, (_, sender) => each(sender)));
  return { answers, ms: performance.now() - fromMs };
}

/** Measures the median time of a comparison for guesses that share 0, 8, 16 and 31 characters with the token. */
function timings(compares: number): { readonly text: string; readonly spread: number } {
  const known = [hashOf(token)];
  const shared = [0, 8, 16, 31];
  const batch = 100;
  const ns = shared.map((): number[] => []);
  for (let round = 0; round < compares / batch; round += 1) {
    shared.forEach((length, at) => {
      const guess = `${token.slice(0, length)}${'z'.repeat(32 - length)}`;
      const from = process.hrtime.bigint();
      for (let times = 0; times < batch; times += 1) isAmong(hashOf(guess), known);
      ns[at]?.push(Number(process.hrtime.bigint() - from) / batch);
    });
  }
  const medians = ns.map((all) => all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0);
  const text = shared.map((length, at) => `${length}: ${medians[at]?.toFixed(0)} ns`).join(', ');
  return {
    text: `${compares} comparisons by characters in common, median ${text}`,
    spread: Math.max(...medians) / Math.min(...medians),
  };
}
