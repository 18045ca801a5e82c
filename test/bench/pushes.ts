// Rows 1 to 6: pushes to the bridge, the bare synced server, vmagent and another build, in turns within each round.

import type { Settings } from './settings.ts';
import {
  connectionsOf,
  type EntrantName,
  type FieldEntrant,
  names,
  playRound,
  type Round,
  startField,
  warm,
} from './field.ts';
import { measured } from './loaded-bridge.ts';
import { median, range, ratios } from './medians.ts';
import { roundsWithin } from './rounds.ts';
import { type Bar, type Row, row, unmeasured, wantedOf } from './row.ts';

const bars = {
  few: { way: 'at least', value: 0.75, stretch: 0.9, digits: 2 },
  many: { way: 'at least', value: 0.5, stretch: 0.6, digits: 2 },
  cpuFew: { way: 'at most', value: 1.6, digits: 2 },
  cpuMany: { way: 'at most', value: 2.4, digits: 2 },
  vmagent: { way: 'at least', value: 0.8, stretch: 1, digits: 2 },
  latency: { way: 'at most', value: 2, digits: 2 },
  written: { way: 'at most', value: 1.5, digits: 2, unit: ' KB' },
} as const satisfies Record<string, Bar>;
const [few, many] = [16, 64];
const shareOfPeak = 0.7;
/** The rounds at a fixed rate. */
const latencyRounds = 3;
/** The time limit of the rounds, for slow machines. */
const [mostSeconds, mostLatencySeconds] = [95, 15];

export async function pushes(settings: Settings): Promise<Row[]> {
  const { only, seconds } = settings;
  const counts = [
    [1, 3, 4, 6].some((each) => only.has(each)) ? few : 0,
    [2, 3, 5].some((each) => only.has(each)) ? many : 0,
  ].filter((each) => each > 0);
  const field = await startField(settings, only.has(4));
  try {
    for (const entrant of field) await warm(entrant);
    for (const round of roundsWithin({ most: settings.rounds, seconds: mostSeconds * settings.patience })) {
      for (const connections of counts) {
        const turn = field.filter(({ name }) => connectionsOf(name, counts).includes(connections));
        for (const entrant of round % 2 === 0 ? turn : turn.toReversed())
          await playRound(entrant, seconds, connections, only.has(6) && connections === few);
      }
    }
    const latencies = only.has(5) ? await latenciesOf(field, settings) : undefined;
    return [
      ...rateRows(field, only),
      ...cpuRows(field, only),
      ...vmagentRow(field, settings),
      ...(latencies ?? []),
      ...writtenRow(field, only),
    ];
  } finally {
    for (const { one } of field) await one.stop();
  }
}

function roundsOf(field: readonly FieldEntrant[], name: EntrantName, connections: number): readonly Round[] {
  return field.find((entrant) => entrant.name === name)?.rounds.get(connections) ?? [];
}

type Figure = 'perSecond' | 'cpuUs' | 'pointsPerCpuSecond';

function compared(
  field: readonly FieldEntrant[],
  of: EntrantName,
  to: EntrantName,
  connections: number,
  figure: Figure,
): number[] {
  const figures = (name: EntrantName): number[] => roundsOf(field, name, connections).map((round) => round[figure]);
  return ratios(figures(of), figures(to));
}

function rateRows(field: readonly FieldEntrant[], only: Settings['only']): Row[] {
  const wanted = [
    { number: 1, connections: few, bar: bars.few },
    { number: 2, connections: many, bar: bars.many },
  ];
  return wanted
    .filter(({ number }) => only.has(number))
    .map(({ number, connections, bar }) =>
      row(
        number,
        `pushes/s ÷ synced, ${connections} connections`,
        bar,
        compared(field, 'bridge', 'synced', connections, 'perSecond'),
        tell(field, connections, 'perSecond', rateWords),
      ),
    );
}

function cpuRows(field: readonly FieldEntrant[], only: Settings['only']): Row[] {
  if (!only.has(3)) return [];
  const wanted = [
    { connections: few, bar: bars.cpuFew },
    { connections: many, bar: bars.cpuMany },
  ];
  return wanted.map(({ connections, bar }) =>
    row(
      3,
      `CPU a push ÷ synced's, ${connections} connections`,
      bar,
      compared(field, 'bridge', 'synced', connections, 'cpuUs'),
      tell(field, connections, 'cpuUs', cpuWords),
    ),
  );
}

/** Lists the measurements of each entrant, and compares the bridge with another build. */
function tell(
  field: readonly FieldEntrant[],
  connections: number,
  figure: Figure,
  summary: (rounds: readonly Round[]) => string,
): string {
  const entrants = field.filter(({ name }) => name !== 'vmagent');
  const figures = entrants.map(({ name }) => `${names[name]} ${summary(roundsOf(field, name, connections))}`);
  if (entrants.some(({ name }) => name === 'against')) {
    figures.push(
      `bridge ÷ older ${median(compared(field, 'bridge', 'against', connections, figure)).toFixed(2)}`,
      `older ÷ synced ${median(compared(field, 'against', 'synced', connections, figure)).toFixed(2)}`,
    );
  }
  return figures.join('; ');
}

function rateWords(rounds: readonly Round[]): string {
  const of = middle(rounds);
  const failures = rounds.reduce((sum, each) => sum + each.failures, 0);
  return `${of('perSecond', 0)}/s (${range(
    rounds.map(({ perSecond }) => perSecond),
    0,
  )}), p50 ${of('p50Ms', 1)}, p99 ${of('p99Ms', 1)} ms${failures === 0 ? '' : `, ${failures} failed`}`;
}

function cpuWords(rounds: readonly Round[]): string {
  const of = middle(rounds);
  const receiver = rounds.some(({ receiverCpuUs }) => receiverCpuUs > 0)
    ? `, receiver ${of('receiverCpuUs', 1)}, sink ${of('lagMs', 0)} ms behind at the end`
    : '';
  return `${of('cpuUs', 1)} µs (main thread ${of('mainCpuUs', 1)}, generator ${of('generatorCpuUs', 1)}${receiver})`;
}

function middle(rounds: readonly Round[]): (name: keyof Omit<Round, 'diskBytes'>, digits: number) => string {
  return (name, digits) => median(rounds.map((round) => round[name])).toFixed(digits);
}

function vmagentRow(field: readonly FieldEntrant[], { only, vmagent }: Settings): Row[] {
  if (!only.has(4)) return [];
  const name = "points per CPU second ÷ vmagent's, 16 connections";
  if (vmagent === undefined) return [unmeasured(4, name, wantedOf(bars.vmagent), 'vmagent is not installed')];
  const summary = (one: EntrantName): string => {
    const of = middle(roundsOf(field, one, few));
    return `${names[one]} ${of('pointsPerCpuSecond', 0)}, ${of('cpuUs', 1)} µs a request, ${of('perSecond', 0)} requests/s`;
  };
  return [
    row(
      4,
      name,
      bars.vmagent,
      compared(field, 'bridge', 'vmagent', few, 'pointsPerCpuSecond'),
      `${summary('bridge')}; ${summary('vmagent')}`,
    ),
  ];
}

/** Measures at a fixed rate; an answer time begins when the push is due. */
async function latenciesOf(field: readonly FieldEntrant[], { rounds, seconds, patience }: Settings): Promise<Row[]> {
  const times = new Map<EntrantName, number[]>();
  const rateOf = (name: EntrantName): number =>
    Math.round(shareOfPeak * median(roundsOf(field, name, many).map(({ perSecond }) => perSecond)));
  const runners = field.filter(({ name }) => name !== 'vmagent');
  for (const _ of roundsWithin({ most: Math.min(rounds, latencyRounds), seconds: mostLatencySeconds * patience })) {
    for (const { name, one, load } of runners) {
      const { p99Ms } = await measured(one, { ...load, seconds, connections: many, rate: rateOf(name) });
      times.set(name, [...(times.get(name) ?? []), p99Ms]);
    }
  }
  const of = (name: EntrantName): number[] => times.get(name) ?? [];
  const figures = runners.map(
    ({ name }) => `${names[name]} at ${rateOf(name)}/s: ${median(of(name)).toFixed(1)} ms (${range(of(name), 1)})`,
  );
  return [
    row(
      5,
      "p99 at 70 % of its own peak, 64 connections, open loop, ÷ synced's",
      bars.latency,
      ratios(of('bridge'), of('synced')),
      figures.join('; '),
    ),
  ];
}

function writtenRow(field: readonly FieldEntrant[], only: Settings['only']): Row[] {
  if (!only.has(6)) return [];
  const name = 'bytes that the disk writes for a push, 16 connections';
  const kilobytes = (rounds: readonly Round[]): number[] =>
    rounds.flatMap(({ diskBytes }) => (diskBytes === undefined ? [] : [diskBytes / 1000]));
  const figures = (['bridge', 'against'] as const)
    .filter((one) => roundsOf(field, one, few).length > 0)
    .map((one) => {
      const rounds = roundsOf(field, one, few);
      const disk = kilobytes(rounds);
      return `${names[one]} ${disk.length === 0 ? '' : `disk ${median(disk).toFixed(2)} KB (idle ${median(rounds.map(({ idleBytesASecond }) => idleBytesASecond / 1000)).toFixed(0)} KB/s), `}write_bytes ${(median(rounds.map(({ writtenBytes }) => writtenBytes)) / 1000).toFixed(2)} KB`;
    });
  const own = kilobytes(roundsOf(field, 'bridge', few));
  if (own.length === 0)
    return [
      unmeasured(6, name, wantedOf(bars.written), `no disk lies below the state directory; ${figures.join('; ')}`),
    ];
  return [row(6, name, bars.written, own, figures.join('; '))];
}
