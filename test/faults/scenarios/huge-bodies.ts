// F19: huge bodies: a gigabyte with and without a Content-Length, endless chunks, and wrong lengths.

import { setTimeout as pause } from 'node:timers/promises';
import { compared, comparison, disturbed } from '../bystander.ts';
import { crowd } from '../crowd.ts';
import { judge, megabytes } from '../judge.ts';
import type { Scenario } from '../scenario.ts';
import { send, type Stream, stream } from '../sender.ts';
import { openStage, type Stage } from '../stage.ts';

const head = (...headers: readonly string[]): string => `POST / HTTP/1.1\r\nHost: x\r\n${headers.join('\r\n')}\r\n\r\n`;
const block = Buffer.alloc(65_536, '{"a":1,');
const oneChunk = Buffer.concat([Buffer.from('10000\r\n'), block, Buffer.from('\r\n')]);
const limitBytes = 2 ** 20;
/** The bytes that may be in socket buffers before the answer. */
const slackBytes = 16 * 2 ** 20;
/** Bodies are refused at a MiB; the rest is code loaded after the start, and garbage. */
const growthBarBytes = 96 * 2 ** 20;
/** The bound on arriving bodies, and their overhead. */
const heldBarBytes = (32 + 160) * 2 ** 20;

export const hugeBodies: Scenario = {
  id: 'F19',
  title: 'huge bodies, chunks without end, lengths that lie, bodies that stop before their end',
  async play({ form, seed, closing }) {
    const stage = await openStage({ seed, closing });
    const { bridge } = stage;
    await stage.begin();
    await send(bridge.pushUrl() ?? '', Buffer.alloc(limitBytes, '['));
    const before = bridge.figures().maxAnonymousBytes;
    const huge = await compared(stage, form, () => hugeOnes(stage, form === 'long' ? 50 : 5), { rate: 100 });
    const grown = bridge.figures().maxAnonymousBytes - before;
    const halves = await compared(stage, form, () => halfBodies(stage, form === 'long' ? 400 : 150), { rate: 100 });
    const held = bridge.figures().maxAnonymousBytes - before;
    const verdict = await judge(stage);
    const answers = huge.result;
    const wrong = answers.filter(([name, { answer, sentBytes }]) => {
      const wanted =
        name === 'a gigabyte announced' || name === 'chunks without end'
          ? /^(HTTP\/1.1 413.*)?$/
          : /^(HTTP\/1.1 400.*)?$/;
      return !wanted.test(answer) || sentBytes > limitBytes + slackBytes;
    });
    return {
      verdicts: [verdict],
      figures: `${answers.length} bodies; ${answers.filter(([, { answer }]) => answer.includes('413')).length} saw their 413, the others a closed connection or a 400; memory grew ${megabytes(grown)}; ${comparison(huge)}; ${halves.result}, memory grew ${megabytes(held)}; ${comparison(halves)}`,
      faults: [
        ...disturbed('huge bodies', huge.during, huge.barMs),
        ...disturbed('half bodies', halves.during, halves.barMs),
        ...(held > heldBarBytes ? [`B: with half bodies memory grew ${megabytes(held)}`] : []),
        ...wrong.map(
          ([name, { answer, sentBytes }]) => `${name}: ${answer || 'no answer'} after ${megabytes(sentBytes)}`,
        ),
        ...(grown > growthBarBytes ? [`B: memory grew ${megabytes(grown)}`] : []),
      ],
    };
  },
};

async function hugeOnes({ bridge }: Stage, rounds: number): Promise<readonly (readonly [string, Stream])[]> {
  const url = bridge.pushUrl() ?? '';
  const answers: (readonly [string, Stream])[] = [];
  for (let round = 0; round < rounds; round += 1) {
    answers.push(['a gigabyte announced', await stream(url, head('Content-Length: 1073741824'), block, 2 ** 30)]);
    answers.push(['chunks without end', await stream(url, head('Transfer-Encoding: chunked'), oneChunk, 2 ** 30)]);
    answers.push(['more than announced', await stream(url, head('Content-Length: 5'), block, slackBytes)]);
    answers.push([
      'less than announced',
      await stream(url, head('Content-Length: 900000', 'Connection: close'), Buffer.from('{"TestId":1}'), 12),
    ]);
  }
  return answers;
}

/** Sends all but the last byte of bodies of a MiB. */
async function halfBodies({ bridge }: Stage, count: number): Promise<string> {
  const first = Buffer.from(head(`Content-Length: ${limitBytes}`) + ' '.repeat(limitBytes - 1));
  const halves = await crowd({ url: bridge.pushUrl() ?? '', count, addresses: 20, first });
  await pause(4_000);
  const answers = halves.answers();
  halves.close();
  return `${count} bodies of a MiB that stop before their last byte: ${answers['503'] ?? 0} given up with 503`;
}
