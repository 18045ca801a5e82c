// F13: the store is damaged between a kill -9 and the next start, in any place and way. The bridge comes up, whatever can be
// read arrives, and what cannot is counted as lost: no fewer records than are missing, and their points as their neighbours tell.
// Damage that looks like a write that was torn is told as that, and not counted: see the log's README, "What a start does".

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { seeded } from '../../../src/simulator/seeded.ts';
import type { Status } from '../bridge-process.ts';
import { damageFile, type FileDamage } from '../file-damage.ts';
import type { Account } from '../ledger.ts';
import { down, healthy } from '../receiver-states.ts';
import type { Outcome, Scenario, Setting } from '../scenario.ts';
import { seconds } from '../judge.ts';
import { openStage, type Stage } from '../stage.ts';

const runs = 250;
/** As many runs as a group can have: each waits for its answer. */
const agents = 8;
/** Of a run; where no neighbour tells how many a lost one had, an average is told. */
const fewestPoints = 4;
/** The bridge may die of what it reads; each death is a cause for the next start to look closer. */
const mostStarts = 4;

export const damage: Scenario = {
  id: 'F13',
  title: 'damage to the store: cut, zeroed, exchanged, bits flipped',
  async play(setting: Setting): Promise<Outcome> {
    const rounds = setting.form === 'long' ? 100 : 4;
    const total = { lost: 0, told: 0, uncounted: 0, torn: 0, starts: 0, slowestMs: 0 };
    const faults: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const closers: (() => unknown)[] = [];
      const closing = { teardown: (close: () => unknown) => void closers.push(close) };
      try {
        const { words, lost, told, uncounted, torn, starts, slowestMs } = await played({
          ...setting,
          closing,
          seed: setting.seed + 10 * round,
        });
        faults.push(...words);
        Object.assign(total, {
          lost: total.lost + lost,
          told: total.told + told,
          uncounted: total.uncounted + uncounted,
          torn: total.torn + torn,
        });
        Object.assign(total, {
          starts: Math.max(total.starts, starts),
          slowestMs: Math.max(total.slowestMs, slowestMs),
        });
      } finally {
        for (const close of closers.toReversed()) await close();
      }
    }
    const { lost, told, uncounted, torn, starts, slowestMs } = total;
    const figures = `${rounds} damages to a store of ${runs} runs each: ${lost} points lost, ${told} told and ${uncounted} stores said to be uncountable, ${torn} to end in what may be a torn write; ${starts} starts at most, the slowest ${seconds(slowestMs)}`;
    return { verdicts: [], judged: rounds, figures, faults: faults.slice(0, 12) };
  },
};

interface Played {
  readonly words: readonly string[];
  readonly lost: number;
  readonly told: number;
  readonly uncounted: number;
  readonly torn: number;
  readonly starts: number;
  readonly slowestMs: number;
}

async function played({ seed, closing }: Setting): Promise<Played> {
  const stage = await openStage({ seed, closing });
  const { bridge, receiver, pusher } = stage;
  await stage.begin();
  await receiver.be(down);
  pusher.start({ agents, runs });
  await pusher.done();
  await bridge.kill();
  const { kind, where } = damageStore(stage);
  const at = `${kind}, ${where} (seed ${seed})`;
  await receiver.be(healthy);
  const up = await startedForGood(stage);
  const { slowestReadyMs: slowestMs } = bridge.figures();
  if (up === undefined) {
    const words = `${at}: not well after ${mostStarts} starts: ${bridge.unaskedEnds().at(-1) ?? 'it runs'}`;
    return { words: [words], lost: 0, told: 0, uncounted: 0, torn: 0, starts: mostStarts, slowestMs };
  }
  await bridge.stop();
  const torn = readdirSync(join(stage.stateDir, 'spool')).filter((name) => name.endsWith('.tail')).length;
  const account = stage.ledger.account(() => false);
  const { starts, lost } = up;
  return {
    words: wrong(account, lost, mayBeTorn(torn, kind)).map((words) => `${at}: ${words}`),
    lost: account.lostPoints,
    told: lost.points,
    uncounted: lost.uncounted > 0 ? 1 : 0,
    torn,
    starts,
    slowestMs,
  };
}

/** The files of a log of segments: those, what is kept beside them, and what says where to begin. */
const logFiles = /\.(segment|keys)$|^checkpoint/;

function damageStore({ stateDir, seed }: Stage): FileDamage {
  return damageFile(join(stateDir, 'spool'), logFiles, seeded(seed + 5));
}

/**
 * Starts it, again where it dies of what it reads, until everything that can be read and a fresh push have arrived; how often
 * that took, and what it says is lost.
 */
async function startedForGood(
  stage: Stage,
): Promise<{ readonly starts: number; readonly lost: Status['lost'] } | undefined> {
  const { bridge, pusher, ledger, steady } = stage;
  for (let starts = 1; starts <= mostStarts; starts += 1) {
    const isUp = await bridge.start().then(
      () => true,
      () => false,
    );
    const untilMs = steady() + 20_000;
    let fresh: number | undefined;
    while (isUp && bridge.pushUrl() !== undefined && steady() < untilMs) {
      if (fresh === undefined) {
        const run = ledger.next();
        if ((await pusher.push(run)) === 200) fresh = run;
      }
      const status = await bridge.status();
      const isEmpty =
        status !== undefined &&
        !status.restoring &&
        status.sinks.every(({ backlog, inFlight }) => backlog.points + inFlight === 0);
      if (isEmpty && fresh !== undefined && ledger.isComplete(fresh)) return { starts, lost: status.lost };
    }
    await bridge.kill();
  }
  return undefined;
}

/**
 * How many runs may be lost and told as a torn write: those of the last group; as many as eight sectors hold, with the rest of their
 * groups; any, where nothing but zeros is left behind.
 */
function mayBeTorn(tails: number, kind: string): number {
  if (tails === 0) return 0;
  if (kind === 'everything behind it zeroed') return runs;
  return kind === 'eight sectors zeroed' ? 3 * agents : agents;
}

function wrong({ lostRuns, lostPoints, torn, foreign }: Account, told: Status['lost'], mostTorn: number): string[] {
  const isTold =
    lostRuns <= mostTorn || told.uncounted > 0 || (told.records >= lostRuns && told.points >= lostRuns * fewestPoints);
  return [
    ...(foreign > 0 ? [`I: ${foreign} points are not as expected`] : []),
    ...(torn > 0 ? [`C: ${torn} runs arrived in part`] : []),
    ...(isTold
      ? []
      : [`C: ${lostRuns} runs with ${lostPoints} points lost, ${told.records} runs with ${told.points} points told`]),
  ];
}
