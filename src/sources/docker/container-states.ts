// What the source remembers of each container between two polls.

import type { CpuSample } from './figures/cpu.ts';
import type { ContainerDetails } from './engine/engine.ts';

export interface ContainerState {
  /** The CPU counters of the last sample, and the start of the container at that time. */
  cpu: CpuSample | undefined;
  cpuStartedAtMs: number | undefined;
  /** The times of the last points, in the unit of the points; 0: none yet. */
  lastSampleAt: number;
  lastUptimeAt: number;
  /** Undefined: to be read again. */
  details: ContainerDetails | undefined;
  /** How often details were forgotten. Details that were asked for before that may be those of the time before. */
  changes: number;
  /** A request for its sample runs. */
  isInFlight: boolean;
}

export interface ContainerStates {
  /** By the last sample that told it. */
  cgroupVersion: 1 | 2 | undefined;
  /** The state of a container; a new one if there is none. */
  of(id: string): ContainerState;
  /** Makes the next sample read the details again. Without an id: of every container. */
  forgetDetails(id?: string): void;
  /** Forgets every other container. */
  keepOnly(ids: ReadonlySet<string>): void;
}

export function containerStates(): ContainerStates {
  const states = new Map<string, ContainerState>();
  return {
    cgroupVersion: undefined,
    of(id) {
      const found = states.get(id);
      if (found !== undefined) return found;
      const made: ContainerState = {
        cpu: undefined,
        cpuStartedAtMs: undefined,
        lastSampleAt: 0,
        lastUptimeAt: 0,
        details: undefined,
        changes: 0,
        isInFlight: false,
      };
      states.set(id, made);
      return made;
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
  };
}
