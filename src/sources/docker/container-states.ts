// What the source remembers of each container between two polls.

import type { CpuSample } from './figures/cpu.ts';
import type { ContainerDetails } from './engine/engine.ts';

export interface ContainerState {
  /** The CPU counters of the last sample, and the start of the container at that time. */
  cpu: CpuSample | undefined;
  cpuStartedAtMs: number | undefined;
  /** Undefined: to be read again. */
  details: ContainerDetails | undefined;
  /** How often details were forgotten. Details that were asked for before that may be those of the time before. */
  changes: number;
  /** A request for its sample runs. */
  isInFlight: boolean;
}

/** The times of the last points of a series, in the unit of the points; 0: none yet. */
export interface SeriesTimes {
  lastSampleAt: number;
  lastUptimeAt: number;
}

export interface ContainerStates {
  /** By the last sample that told it. */
  cgroupVersion: 1 | 2 | undefined;
  /** The state of a container; a new one if there is none. */
  of(id: string): ContainerState;
  /**
   * The times of a container's series, which go on with a container that is made anew under the same name.
   *
   * @param series - see seriesKey of Names
   */
  timesOf(series: string): SeriesTimes;
  /** Makes the next sample read the details again. Without an id: of every container. */
  forgetDetails(id?: string): void;
  /** Forgets every other container. */
  keepOnly(ids: ReadonlySet<string>): void;
  /** Forgets the times of every other series whose last sample is from before a time, in the unit of the points. */
  keepSeries(series: ReadonlySet<string>, before: number): void;
}

export function containerStates(): ContainerStates {
  const states = new Map<string, ContainerState>();
  const times = new Map<string, SeriesTimes>();
  return {
    cgroupVersion: undefined,
    of(id) {
      const found = states.get(id);
      if (found !== undefined) return found;
      const made: ContainerState = {
        cpu: undefined,
        cpuStartedAtMs: undefined,
        details: undefined,
        changes: 0,
        isInFlight: false,
      };
      states.set(id, made);
      return made;
    },
    timesOf(series) {
      const found = times.get(series) ?? { lastSampleAt: 0, lastUptimeAt: 0 };
      times.set(series, found);
      return found;
    },
    forgetDetails(id) {
      for (const [other, state] of states) {
        if (id !== undefined && id !== other) continue;
        state.details = undefined;
        state.changes += 1;
      }
    },
    keepOnly(ids) {
      for (const [id, { isInFlight }] of states) if (!ids.has(id) && !isInFlight) states.delete(id);
    },
    keepSeries(kept, before) {
      for (const [series, { lastSampleAt }] of times)
        if (!kept.has(series) && lastSampleAt < before) times.delete(series);
    },
  };
}
