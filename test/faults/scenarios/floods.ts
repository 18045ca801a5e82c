// F20: endless heads, idle connections, and more connections than the process may have files.

import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { compared, comparison, disturbed } from '../bystander.ts';
import { crowd } from '../crowd.ts';
import { judge, seconds } from '../judge.ts';
import { requireTool } from '../missing-tool.ts';
import type { Form, Scenario } from '../scenario.ts';
import { stream } from '../sender.ts';
import { becomes, openStage, type Stage } from '../stage.ts';

const run = promisify(execFile);
const maxFiles = 256;
const mostBytes = 64 * 2 ** 20;
const heads = [
  ['a line of a header', 'POST / HTTP/1.1\r\nHost: x\r\nA: ', Buffer.alloc(65_536, 'a')],
  ['headers', 'POST / HTTP/1.1\r\nHost: x\r\n', Buffer.from('A: b\r\n'.repeat(10_000))],
] as const;

export const floods: Scenario = {
  id: 'F20',
  title: 'heads without end, idle connections, no files left',
  async play({ form, seed, closing }) {
    requireTool('F20', 'prlimit', ['--version']);
    const stage = await openStage({ seed, closing });
    await stage.begin();
    const endless = await compared(stage, form, () => endlessHeads(stage, form));
    const idle = await compared(stage, form, () => idleConnections(stage, form));
    const few = await withFewFiles(stage, form);
    const figures = [
      `${endless.result.length} heads without end: ${countsOf(endless.result.map(({ answer }) => answer))}`,
      comparison(endless),
      idle.result,
      comparison(idle),
      few.figures,
    ];
    const faults = [
      ...endless.result.flatMap(({ fault }) => fault),
      ...disturbed('heads without end', endless.during, endless.barMs),
      ...disturbed('idle connections', idle.during, idle.barMs),
      ...few.faults,
    ];
    return { verdicts: [await judge(stage)], figures: figures.join('; '), faults };
  },
};

/** A sender that goes on may get a reset before its 431. */
async function endlessHeads(
  { bridge }: Stage,
  form: Form,
): Promise<readonly { readonly answer: string; readonly fault: string[] }[]> {
  const url = bridge.pushUrl() ?? '';
  const answers = [];
  for (let round = 0; round < (form === 'long' ? 200 : 10); round += 1) {
    for (const [name, head, more] of heads) {
      const { answer, sentBytes } = await stream(url, head, more, mostBytes);
      const isRight = /^(HTTP\/1.1 431.*)?$/.test(answer) && sentBytes < mostBytes;
      answers.push({ answer, fault: isRight ? [] : [`${name}: ${answer || 'no answer'} after ${sentBytes} bytes`] });
    }
  }
  return answers;
}

/** In the long form, more than the limit of connections. */
async function idleConnections({ bridge }: Stage, form: Form): Promise<string> {
  const count = form === 'long' ? 10_000 : 1_000;
  const idle = await crowd({ url: bridge.pushUrl() ?? '', count, addresses: 50 });
  await pause(3_000);
  const open = idle.open();
  idle.close();
  return `${count} idle connections from 50 addresses, ${open} of them kept`;
}

/** With few files the bridge accepts fewer connections; without a free one it recovers as soon as there is one. */
async function withFewFiles(
  stage: Stage,
  form: Form,
): Promise<{ readonly figures: string; readonly faults: string[] }> {
  const { bridge } = stage;
  await bridge.stop();
  await bridge.start({}, ['prlimit', `--nofile=${maxFiles}:${maxFiles}`]);
  const few = await compared(stage, form, async () => {
    const idle = await crowd({ url: bridge.pushUrl() ?? '', count: maxFiles + 100, addresses: 10 });
    await pause(2_000);
    idle.close();
  });
  // Fewer than are open, so that every accept fails.
  await run('prlimit', ['--pid', String(bridge.pid()), '--nofile=16:256']);
  const none = await crowd({ url: bridge.pushUrl() ?? '', count: 50, addresses: 10 });
  await pause(1_000);
  none.close();
  await run('prlimit', ['--pid', String(bridge.pid()), `--nofile=${maxFiles}:${maxFiles}`]);
  const fromMs = performance.now();
  let isTaken = false;
  void stage.pusher.pushOne().then(() => (isTaken = true));
  await becomes(() => isTaken, 10_000);
  const faults = [
    ...disturbed(`${maxFiles} files`, few.during, few.barMs),
    ...(isTaken ? [] : ['after a lack of files no push is taken']),
  ];
  return {
    figures: `${maxFiles} files and ${maxFiles + 100} connections: ${comparison(few)}; none left: a push is taken ${seconds(performance.now() - fromMs)} after there are some`,
    faults,
  };
}

function countsOf(answers: readonly string[]): string {
  const refused = answers.filter((answer) => answer.includes('431')).length;
  return `${refused} saw their 431, ${answers.length - refused} a closed connection`;
}
