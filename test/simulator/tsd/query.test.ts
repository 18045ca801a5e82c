// The simulated OpenTSDB's /api/query: its errors and its results.

import test, { type ExecutionContext } from 'ava';
import { tsdOf } from './open.ts';

type Query = (body: unknown) => Promise<{ readonly status: number; readonly answer: unknown }>;

const beginS = 1_794_994_200;

/** Stores points of two nodes in Europe and one in Asia. */
async function queried(t: ExecutionContext): Promise<Query> {
  const tsd = await tsdOf(t);
  const put = (at: number, value: number, nodeid: string, continent: string): object => ({
    metric: 'm',
    timestamp: beginS + at,
    value,
    tags: { nodeid, continent },
  });
  const points = [
    put(0, 10, '1', 'Europe'),
    put(60, 30, '1', 'Europe'),
    put(0, 20, '2', 'Europe'),
    put(0, 5, '3', 'Asia'),
    put(30, 7, '3', 'Asia'),
  ];
  await fetch(`${tsd.url}/api/put`, { method: 'POST', body: JSON.stringify(points) });
  return async (body) => {
    const response = await fetch(`${tsd.url}/api/query`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, answer: await response.json() };
  };
}

const times = { start: beginS, end: beginS + 300 };
const withSubQuery = (subQuery: object): object => ({
  ...times,
  queries: [{ metric: 'm', aggregator: 'avg', ...subQuery }],
});

for (const [title, body, message] of [
  ['broken JSON', '{', 'Unable to parse the given JSON'],
  ['no start', { queries: [] }, 'Missing start time'],
  [
    'an end before the start',
    { start: 20, end: 10, queries: [] },
    'End time [10000] must be greater than the start time [20000]',
  ],
  ['no queries', times, 'Missing queries'],
  ['no aggregator', withSubQuery({ aggregator: '' }), 'Missing the aggregation function'],
  ['an unknown aggregator', withSubQuery({ aggregator: 'mean' }), 'No such aggregation function: mean'],
  ['no metric', withSubQuery({ metric: '' }), 'Missing the metric or tsuids, provide at least one'],
  ['an unknown metric', withSubQuery({ metric: 'n' }), "No such name for 'metrics': 'n'"],
  [
    'an interval alone',
    withSubQuery({ downsample: '5m' }),
    "Invalid downsampling specifier '5m': must provide at least interval and function",
  ],
  ['downsampling by none', withSubQuery({ downsample: '5m-none' }), 'cannot use the NONE aggregator for downsampling'],
  [
    'an unknown fill policy',
    withSubQuery({ downsample: '5m-avg-one' }),
    "No such fill policy: 'one': must be one of: none nan null zero",
  ],
  ['an unknown unit', withSubQuery({ downsample: '5q-avg' }), 'Invalid duration (suffix): 5q'],
  [
    'an unknown type of filter',
    withSubQuery({ filters: [{ tagk: 'nodeid', filter: '1', type: 'like' }] }),
    'Could not find a tag value filter of the type: like',
  ],
  [
    'a wildcard without an asterisk',
    withSubQuery({ filters: [{ tagk: 'nodeid', filter: '1', type: 'wildcard' }] }),
    'Filter must contain an asterisk',
  ],
  [
    'an unknown tag',
    withSubQuery({ filters: [{ tagk: 'planet', filter: '*', type: 'wildcard' }] }),
    "No such name for 'tagk': 'planet'",
  ],
  [
    'an unknown literal',
    withSubQuery({ filters: [{ tagk: 'nodeid', filter: '1|9', type: 'literal_or' }] }),
    "No such name for 'tagv': '9'",
  ],
  [
    "a filter's misspelt member",
    withSubQuery({ filters: [{ tagk: 'nodeid', filter: '*', type: 'wildcard', group_by: true }] }),
    'group_by: not understood by the simulator',
  ],
  [
    'an unknown option of a rate',
    withSubQuery({ rate: true, rateOptions: { interval: '1m' } }),
    'Unable to parse the given JSON',
  ],
  [
    'explicitTags, which is not simulated,',
    withSubQuery({ explicitTags: true }),
    'explicitTags: not understood by the simulator',
  ],
] as const) {
  test(`${title} is refused`, async (t) => {
    const query = await queried(t);
    t.like(await query(body), { status: 400, answer: { error: { code: 400, message } } });
  });
}

for (const [title, subQuery, expected] of [
  [
    'without a filter all series become one, interpolated between values',
    { aggregator: 'sum' },
    [[{}, ['continent', 'nodeid'], { 0: 35, 30: 27, 60: 30 }]],
  ],
  [
    'a grouping filter makes a series per tag value',
    { filters: [{ tagk: 'continent', filter: '*', type: 'wildcard', groupBy: true }] },
    [
      [{ continent: 'Europe' }, ['nodeid'], { 0: 15, 60: 30 }],
      [{ continent: 'Asia', nodeid: '3' }, [], { 0: 5, 30: 7 }],
    ],
  ],
  [
    'the aggregator none keeps every series',
    { aggregator: 'none', filters: [{ tagk: 'continent', filter: 'Eur', type: 'regexp' }] },
    [
      [{ continent: 'Europe', nodeid: '1' }, [], { 0: 10, 60: 30 }],
      [{ continent: 'Europe', nodeid: '2' }, [], { 0: 20 }],
    ],
  ],
  [
    'downsampling precedes aggregation',
    { aggregator: 'zimsum', downsample: '1m-sum' },
    [[{}, ['continent', 'nodeid'], { 0: 42, 60: 30 }]],
  ],
  [
    'the fill policy zero fills empty intervals',
    {
      aggregator: 'zimsum',
      downsample: '2m-count-zero',
      filters: [{ tagk: 'nodeid', filter: '3', type: 'literal_or' }],
    },
    [[{ continent: 'Asia', nodeid: '3' }, [], { 0: 2, 120: 0, 240: 0 }]],
  ],
  [
    'a rate is the change per second since the value before, and is aggregated afterwards',
    { aggregator: 'zimsum', rate: true },
    [[{}, ['continent', 'nodeid'], { 30: 2 / 30, 60: 20 / 60 }]],
  ],
  [
    'a filter excludes series',
    { aggregator: 'count', filters: [{ tagk: 'continent', filter: 'asia', type: 'not_iliteral_or' }] },
    [[{ continent: 'Europe' }, ['nodeid'], { 0: 2, 60: 2 }]],
  ],
] as const) {
  test(title, async (t) => {
    const query = await queried(t);
    const { status, answer } = await query(withSubQuery(subQuery));
    t.is(status, 200);
    const shifted = expected.map(([tags, aggregateTags, dps]) => ({
      metric: 'm',
      tags,
      aggregateTags,
      dps: Object.fromEntries(Object.entries(dps).map(([at, value]) => [beginS + Number(at), value])),
    }));
    const sorted = (answer as typeof shifted).map(({ aggregateTags, ...others }) => ({
      ...others,
      aggregateTags: aggregateTags.toSorted((a, b) => (a < b ? -1 : 1)),
    }));
    t.deepEqual(sorted as unknown, shifted as unknown);
  });
}

for (const [title, rateOptions, expected] of [
  ['negative without a counter', {}, { 10: 5, 20: -4, 30: 3 }],
  ['dropped for a counter with dropResets', { counter: true, dropResets: true }, { 10: 5, 30: 3 }],
  ['a roll-over for a counter with a maximum', { counter: true, counterMax: 100 }, { 10: 5, 20: 6, 30: 3 }],
  ['0 for a counter above the reset value', { counter: true, resetValue: 10 }, { 10: 5, 20: 0, 30: 3 }],
] as const) {
  test(`the rate of a value that falls is ${title}`, async (t) => {
    const tsd = await tsdOf(t);
    const put = [0, 50, 10, 40].map((value, index) => ({
      metric: 'c',
      timestamp: beginS + index * 10,
      value,
      tags: { a: 'b' },
    }));
    await fetch(`${tsd.url}/api/put`, { method: 'POST', body: JSON.stringify(put) });
    const body = { ...times, queries: [{ metric: 'c', aggregator: 'sum', rate: true, rateOptions }] };
    const response = await fetch(`${tsd.url}/api/query`, { method: 'POST', body: JSON.stringify(body) });
    const [{ dps }] = (await response.json()) as [{ dps: object }];
    t.deepEqual(dps, Object.fromEntries(Object.entries(expected).map(([at, rate]) => [beginS + Number(at), rate])));
  });
}

test('queries support msResolution and showQuery', async (t) => {
  const query = await queried(t);
  const filters = [{ tagk: 'nodeid', filter: '2', type: 'literal_or' }];
  const { answer } = await query({ ...withSubQuery({ filters }), msResolution: true, showQuery: true });
  t.like(answer, [{ query: { index: 0 }, dps: { [beginS * 1000]: 20 } }]);
});

test('the aggregators and filters are those of OpenTSDB 2.4.1, except not_key', async (t) => {
  const tsd = await tsdOf(t);
  const aggregators = (await (await fetch(`${tsd.url}/api/aggregators`)).json()) as string[];
  t.is(aggregators.length, 35);
  const filters = (await (await fetch(`${tsd.url}/api/config/filters`)).json()) as object;
  t.deepEqual(Object.keys(filters), [
    'iliteral_or',
    'iwildcard',
    'literal_or',
    'not_iliteral_or',
    'not_literal_or',
    'regexp',
    'wildcard',
  ]);
});
