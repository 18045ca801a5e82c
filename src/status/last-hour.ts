// The last hour in slots of five seconds: rates, answer times and what waited, for the charts.

import type { DurationSnapshot } from '../runtime/duration-histogram.ts';
import { responseTimeMs } from './response-times.ts';
import type { StatusMessage, Slot } from './messages.ts';

export interface LastHour {
  /** Takes in a second, and the answer times since the start; returns the slot when one is full. */
  add(now: StatusMessage, answers: DurationSnapshot): Slot | undefined;
  slots(): readonly Slot[];
}

/** What the seconds of a slot have come to so far. */
interface Gathering {
  readonly atS: number;
  readonly seconds: readonly StatusMessage[];
  /** At its begin. */
  readonly answers: DurationSnapshot;
}

const slotS = 5;
const most = 3600 / slotS;

export function lastHour(): LastHour {
  const slots: Slot[] = [];
  let gathering: Gathering | undefined;
  return {
    add(now, answers) {
      const atS = Math.floor(now.atMs / 1000 / slotS) * slotS;
      if (gathering === undefined || gathering.atS === atS) {
        gathering = {
          atS,
          answers: gathering?.answers ?? answers,
          seconds: [...(gathering?.seconds ?? []), now].slice(-2 * slotS),
        };
        return undefined;
      }
      const slot = full(gathering, answers);
      slots.push(slot);
      if (slots.length > most) slots.shift();
      gathering = { atS, answers, seconds: [now] };
      return slot;
    },
    slots: () => slots,
  };
}

function full({ atS, seconds, answers: before }: Gathering, answers: DurationSnapshot): Slot {
  const mean = (of: (now: StatusMessage) => number): number =>
    Math.round((seconds.reduce((sum, now) => sum + of(now), 0) / seconds.length) * 10) / 10;
  const worst = (of: (now: StatusMessage) => number): number => Math.max(...seconds.map(of));
  return [
    atS,
    mean(({ pushesPerS }) => pushesPerS),
    mean(({ pointsPerS }) => pointsPerS),
    mean(({ notTakenPerS }) => notTakenPerS),
    responseTimeMs(before, answers, 0.5) ?? null,
    responseTimeMs(before, answers, 0.99) ?? null,
    worst(backlogPoints),
    worst(backlogAgeS),
    worst(({ newLetters }) => newLetters),
  ];
}

function backlogPoints({ sinks }: StatusMessage): number {
  return Math.max(0, ...sinks.map((sink) => sink.backlogPoints));
}

function backlogAgeS({ sinks }: StatusMessage): number {
  return Math.round(Math.max(0, ...sinks.map(({ backlogAgeMs = 0 }) => backlogAgeMs)) / 100) / 10;
}
