// F13: the store is damaged between a kill -9 and the next start. The bridge starts, readable points arrive, and
// damaged ones count as lost: at least the missing records, with the points that their neighbours imply. Damage that
// looks like a torn write is reported as such and not counted; see the log's README, "What a start does".

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
/** The largest group has a run of each agent, since an agent waits for its answer. */
const agents = 8;
/** Of a run. Without intact neighbours an average counts for a lost run. */
const minPoints = 4;
/** Damage may crash the bridge; each crash makes the next start check more. */
const maxStarts = 4;

export const damage: Scenario = {
  id: 'F13',
  title: 'damage to the store: cut, zeroed, exchanged, bits flipped',
  async play(setting: Setting): Promise<Outcome> {
    const rounds = setting.form === 'long' ? 100 : 4;
    const total = { lost: 0, reported: 0, uncounted: 0, torn: 0, starts: 0, slowestMs: 0 };
    const faults: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const closers: (() => unknown)[] = [];
      const closing = { teardown: (close: () => unknown) => void closers.push(close) };
      try {
        const { messages, lost, reported, uncounted, torn, starts, slowestMs } = await played({
          ...setting,
          closing,
          seed: setting.seed + 10 * round,
        });
        faults.push(...messages);
        Object.assign(total, {
          lost: total.lost + lost,
          reported: total.reported + reported,
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
    const { lost, reported, uncounted, torn, starts, slowestMs } = total;
    const figures = `${rounds} damages to a store of ${runs} runs each: ${lost} points lost, ${reported} reported and ${uncounted} stores said to be uncountable, ${torn} to end in what may be a torn write; ${starts} starts at most, the slowest ${seconds(slowestMs)}`;
    return { verdicts: [], judged: rounds, figures, faults: faults.slice(0, 12) };
  },
};

interface Played {
  readonly messages: readonly string[];
  readonly lost: number;
  readonly reported: number;
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
  const up = await startUntilRecovered(stage);
  const { slowestReadyMs: slowestMs } = bridge.figures();
  if (up === undefined) {
    const messages = `${at}: not well after ${maxStarts} starts: ${bridge.unexpectedEnds().at(-1) ?? 'it runs'}`;
    return { messages: [messages], lost: 0, reported: 0, uncounted: 0, torn: 0, starts: maxStarts, slowestMs };
  }
  await bridge.stop();
  const torn = readdirSync(join(stage.stateDir, 'spool')).filter((name) => name.endsWith('.tail')).length;
  const account = stage.ledger.account(() => false);
  const { starts, lost } = up;
  return {
    messages: wrong(account, lost, mayBeTorn(torn, kind)).map((messages) => `${at}: ${messages}`),
    lost: account.lostPoints,
    reported: lost.points,
    uncounted: lost.uncounted > 0 ? 1 : 0,
    torn,
    starts,
    slowestMs,
  };
}

/** Segments, run keys and checkpoints. */
const logFiles = /\.(segment|keys)$|^checkpoint/;

function damageStore({ stateDir, seed }: Stage): FileDamage {
  return damageFile(join(stateDir, 'spool'), logFiles, seeded(seed + 5));
}

/**
 * Starts the bridge, repeatedly if it crashes, until all readable points and a fresh push have arrived. Returns the
 * number of starts and the reported losses.
 */
async function startUntilRecovered(
  stage: Stage,
): Promise<{ readonly starts: number; readonly lost: Status['lost'] } | undefined> {
  const { bridge, pusher, ledger, steady } = stage;
  for (let starts = 1; starts <= maxStarts; starts += 1) {
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
 * Returns how many runs may be lost as a torn write: those of the last group; those within eight sectors and their
 * groups; any number, if only zeros follow.
 */
function mayBeTorn(tails: number, kind: string): number {
  if (tails === 0) return 0;
  if (kind === 'everything behind it zeroed') return runs;
  return kind === 'eight sectors zeroed' ? 3 * agents : agents;
}

function wrong({ lostRuns, lostPoints, torn, foreign }: Account, reported: Status['lost'], mostTorn: number): string[] {
  const isReported =
    lostRuns <= mostTorn ||
    reported.uncounted > 0 ||
    (reported.records >= lostRuns && reported.points >= lostRuns * minPoints);
  return [
    ...(foreign > 0 ? [`I: ${foreign} points are not as expected`] : []),
    ...(torn > 0 ? [`C: ${torn} runs arrived in part`] : []),
    ...(isReported
      ? []
      : [
          `C: ${lostRuns} runs with ${lostPoints} points lost, ${reported.records} runs with ${reported.points} points reported`,
        ]),
  ];
}
