// The last hour in slots of five seconds, for the charts: rates, response times, backlog.

import type { DurationSnapshot } from '../runtime/duration-histogram.ts';
import type { Slot, StatusMessage } from './messages.ts';
import { responseTimeMs } from './response-times.ts';

interface OpenSlot {
  readonly atS: number;
  readonly seconds: readonly StatusMessage[];
  /** At its start. */
  readonly responses: DurationSnapshot;
}

const slotS = 5;
const maxSlots = 3600 / slotS;

export function lastHour() {
  const slots: Slot[] = [];
  let open: OpenSlot | undefined;
  return {
    /** Adds the message of a second, and the response times since the start; returns a slot when it is complete. */
    add(now: StatusMessage, responses: DurationSnapshot): Slot | undefined {
      const atS = Math.floor(now.atMs / 1000 / slotS) * slotS;
      if (open === undefined || open.atS === atS) {
        const { responses: atStart = responses, seconds = [] } = open ?? {};
        open = { atS, responses: atStart, seconds: [...seconds, now].slice(-2 * slotS) };
        return undefined;
      }
      const slot = closed(open, responses);
      slots.push(slot);
      if (slots.length > maxSlots) slots.shift();
      open = { atS, responses, seconds: [now] };
      return slot;
    },
    slots: (): readonly Slot[] => slots,
  };
}

function closed({ atS, seconds, responses: before }: OpenSlot, responses: DurationSnapshot): Slot {
  const mean = (of: (now: StatusMessage) => number): number =>
    rounded(seconds.reduce((sum, now) => sum + of(now), 0) / seconds.length);
  const max = (of: (now: StatusMessage) => number): number => Math.max(...seconds.map(of));
  return [
    atS,
    mean(({ pushesPerS }) => pushesPerS),
    mean(({ pointsPerS }) => pointsPerS),
    mean(({ notTakenPerS }) => notTakenPerS),
    responseTimeMs(before, responses, 0.5) ?? null,
    responseTimeMs(before, responses, 0.99) ?? null,
    max(({ sinks }) => Math.max(0, ...sinks.map((sink) => sink.backlogPoints))),
    max(({ sinks }) => rounded(Math.max(0, ...sinks.map(({ backlogAgeMs = 0 }) => backlogAgeMs)) / 1000)),
    max(({ newLetters }) => newLetters),
  ];
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
