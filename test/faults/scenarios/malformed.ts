// F17: malformed pushes: a corpus, and a fuzz around real pushes. The bridge answers each with a 4xx, and accepts the
// good pushes in between.

import fc from 'fast-check';
import { deflateSync, gzipSync } from 'node:zlib';
import { judge, megabytes, type Verdict } from '../judge.ts';
import type { Scenario, Setting } from '../scenario.ts';
import { type Answer, send } from '../sender.ts';
import { openStage, type Stage } from '../stage.ts';

const good = {
  TestId: 1,
  NodeId: 312,
  TestDetail: { TypeId: 5 },
  Summary: { Timestamp: '20230226010449609', Timing: { Total: 1 } },
};
const nested = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

const corpus: readonly (readonly [name: string, body: string | Buffer, headers?: Readonly<Record<string, string>>])[] =
  [
    ['empty', ''],
    ['[]', '[]'],
    ['null', 'null'],
    ['a number', '1e999'],
    ['ids of 1e999', JSON.stringify({ ...good, TestId: 0 }).replace('"TestId":0', '"TestId":1e999')],
    ['NaN as text', JSON.stringify({ ...good, TestId: 'NaN' })],
    ['deep nesting', nested(10_000)],
    ['deep arrays', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['half of a push', JSON.stringify(good).slice(0, 60)],
    ['an array of pushes', JSON.stringify([good, good])],
    ['a prototype', '{"__proto__":{"TestId":1,"NodeId":312},"constructor":{"prototype":{"TestId":1}}}'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d])],
    ['UTF-16 without its mark', Buffer.from(JSON.stringify(good), 'utf16le')],
    ['zeros', Buffer.alloc(4096)],
    ['an XML bomb', '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>'],
    ['an external entity', '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'],
    ['a gzip bomb', gzipSync(Buffer.alloc(200 * 2 ** 20)), { 'content-encoding': 'gzip' }],
    ['no gzip at all', JSON.stringify(good), { 'content-encoding': 'gzip' }],
    ['half of a gzip', gzipSync(JSON.stringify(good)).subarray(0, 40), { 'content-encoding': 'gzip' }],
    ['deflate called gzip', deflateSync(JSON.stringify(good)), { 'content-encoding': 'gzip' }],
    ['an unknown encoding', JSON.stringify(good), { 'content-encoding': 'zstd' }],
    [
      'multipart',
      '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
      { 'content-type': 'multipart/form-data; boundary=x' },
    ],
    ['a form', 'TestId=1&NodeId=312', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['an alert', '{"NotificationLevelId":1,"TestId":1}'],
    ['ids of objects', JSON.stringify({ ...good, TestId: {}, NodeId: [] })],
    ['a time of 99 digits', JSON.stringify({ ...good, Summary: { Timestamp: '2'.repeat(99) } })],
  ];

/** The bound on an answer; the short form runs on shared machines. */
const answerBarMs = { short: 20_000, long: 1_000 };
const growthBarBytes = 100 * 2 ** 20;

export const malformed: Scenario = {
  id: 'F17',
  title: 'pushes that are none: a corpus, and a fuzz',
  async play({ form, seed, closing }: Setting) {
    const stage = await openStage({ seed, closing, ignoresOthers: true });
    const { bridge } = stage;
    await stage.begin();
    stage.pusher.start({ agents: 4, rate: 100 });
    const refused = await sendCorpus(stage);
    const before = bridge.figures().maxAnonymousBytes;
    const fuzzed = await fuzz(stage, form === 'long' ? 20_000 : 1_000);
    await stage.pusher.stop();
    const verdict: Verdict = await judge(stage, {
      mayPark: true,
      mayBeDead: (line) => line.startsWith('implausible-time') || line.startsWith('node-unknown'),
    });
    const answers = [...refused.map(({ answer }) => answer), ...fuzzed];
    const slowestMs = Math.max(...answers.map(({ ms }) => ms));
    const grown = bridge.figures().maxAnonymousBytes - before;
    return {
      verdicts: [verdict],
      figures: `${corpus.length} bodies and ${fuzzed.length} fuzzed ones (${fuzzed.filter(({ status }) => status === 200).length} of them pushes); answered within ${slowestMs.toFixed(0)} ms; memory grew ${megabytes(grown)}`,
      faults: [
        ...refused
          .filter(({ answer: { status } }) => status < 400 || status >= 500)
          .map(({ name, answer: { status } }) => `${name}: answered ${status}`),
        ...fuzzed
          .filter(({ status }) => status !== 200 && (status < 400 || status >= 500))
          .map(({ status }) => `a fuzzed body: answered ${status}`),
        ...(slowestMs > answerBarMs[form] ? [`an answer took ${slowestMs.toFixed(0)} ms`] : []),
        ...(grown > growthBarBytes ? [`B: memory grew ${megabytes(grown)}`] : []),
      ],
    };
  },
};

async function sendCorpus({ bridge }: Stage): Promise<readonly { readonly name: string; readonly answer: Answer }[]> {
  const answers = [];
  for (const [name, body, headers] of corpus)
    answers.push({ name, answer: await send(bridge.pushUrl() ?? '', body, headers) });
  return answers;
}

const value = fc.oneof(
  fc.anything({ maxDepth: 2 }),
  fc.integer(),
  fc.double(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '1e999',
    '-0',
    '',
    ' ',
    'NaN',
    '20230226010449609',
    '99999999999999999',
    '312',
    'São\u0000Paulo\nput x 1 1 a=b',
    '\ud800',
  ),
);

/** A valid value in nine of ten cases. */
function mostly(usual: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: value });
}

/** Sends pushes with random values and with bytes removed. */
const push = fc.record(
  {
    TestId: mostly(fc.integer({ min: 1, max: 2 ** 31 })),
    NodeId: mostly(fc.constantFrom(312, '1311', 999_999)),
    Asn: value,
    ClientId: value,
    TestDetail: fc.oneof(
      fc.record({ TypeId: fc.oneof(fc.constantFrom(5, 6, 12), value), Name: value }, { requiredKeys: [] }),
      value,
    ),
    Diagnostic: fc.oneof(
      fc.record({ TraceRoute: fc.record({ Hops: fc.oneof(fc.array(fc.record({ RoundTripTimes: value })), value) }) }),
      value,
    ),
    Summary: mostly(
      fc.record(
        {
          Timestamp: mostly(fc.constant('20230226010449609')),
          Timing: fc.oneof(fc.record({ Total: value }), value),
          Ping: fc.oneof(fc.record({ RoundTripTimeAvg: value }), value),
          Error: fc.oneof(fc.record({ Code: value, Dns: value, Any: value }, { requiredKeys: [] }), value),
        },
        { requiredKeys: ['Timestamp'] },
      ),
    ),
    schema: value,
    TestDetails: value,
  },
  { requiredKeys: ['TestId', 'NodeId', 'Summary'] },
);

async function fuzz({ bridge, seed }: Stage, numRuns: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  const property = fc.asyncProperty(push, fc.option(fc.nat()), async (body, cutAt) => {
    const text = JSON.stringify(body, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one)) ?? '';
    const bytes = cutAt === null || cutAt % 4 > 0 ? text : text.slice(0, cutAt % (text.length + 1));
    answers.push(await send(bridge.pushUrl() ?? '', bytes));
  });
  await fc.assert(property, { numRuns, seed });
  return answers;
}
