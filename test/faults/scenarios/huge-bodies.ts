// F19: bodies without end: a gigabyte that is announced, one that is not, chunks without end, and lengths that lie.

import { judge, megabytes } from '../judge.ts';
import type { Scenario } from '../scenario.ts';
import { send, type Stream, stream } from '../sender.ts';
import { openStage } from '../stage.ts';

const head = (...headers: readonly string[]): string => `POST / HTTP/1.1\r\nHost: x\r\n${headers.join('\r\n')}\r\n\r\n`;
const block = Buffer.alloc(65_536, '{"a":1,');
const oneChunk = Buffer.concat([Buffer.from('10000\r\n'), block, Buffer.from('\r\n')]);
const limitBytes = 2 ** 20;
/** What may be under way in sockets before the answer is seen. */
const slackBytes = 16 * 2 ** 20;
const growthBarBytes = 32 * 2 ** 20;

export const hugeBodies: Scenario = {
  id: 'F19',
  title: 'huge bodies, chunks without end, lengths that lie',
  async play({ form, seed, closing }) {
    const stage = await openStage({ seed, closing });
    const { bridge, pusher } = stage;
    await stage.begin();
    pusher.start({ agents: 4, rate: 100 });
    const url = bridge.pushUrl() ?? '';
    await send(url, Buffer.alloc(limitBytes, '['));
    const before = bridge.figures().mostOwnBytes;
    const heard: (readonly [string, Stream])[] = [];
    for (let round = 0; round < (form === 'long' ? 50 : 5); round += 1) {
      heard.push(['a gigabyte announced', await stream(url, head('Content-Length: 1073741824'), block, 2 ** 30)]);
      heard.push(['chunks without end', await stream(url, head('Transfer-Encoding: chunked'), oneChunk, 2 ** 30)]);
      heard.push(['more than announced', await stream(url, head('Content-Length: 5'), block, slackBytes)]);
      heard.push(['less than announced', await stream(url, head('Content-Length: 900000', 'Connection: close'), Buffer.from('{"TestId":1}'), 12)]);
    }
    await pusher.stop();
    const verdict = await judge(stage);
    const grown = bridge.figures().mostOwnBytes - before;
    const wrong = heard.filter(([name, { answer, sentBytes }]) => {
      const wanted = name === 'a gigabyte announced' || name === 'chunks without end' ? /^(HTTP\/1.1 413.*)?$/ : /^(HTTP\/1.1 400.*)?$/;
      return !wanted.test(answer) || sentBytes > limitBytes + slackBytes;
    });
    return {
      verdicts: [verdict],
      figures: `${heard.length} bodies; ${heard.filter(([, { answer }]) => answer.includes('413')).length} saw their 413, the others a closed connection or a 400; memory grew ${megabytes(grown)}`,
      faults: [
        ...wrong.map(([name, { answer, sentBytes }]) => `${name}: ${answer || 'no answer'} after ${megabytes(sentBytes)}`),
        ...(grown > growthBarBytes ? [`B: memory grew ${megabytes(grown)}`] : []),
      ],
    };
  },
};
