// Room on the disk: appends are refused before its end is reached, and a reserve is given up when it is reached all the
// same, so that what makes room (the positions of the sinks, and deleting what they have finished) can still be written.

import type { Clock } from '../../runtime/clock.ts';
import type { Disk } from './disk.ts';

export interface DiskSpace {
  /** Why nothing may be appended now, in words; undefined when there is room. */
  scarcity(): string | undefined;
  /**
   * Whether a write failed for lack of space, and not because the disk is failing. From then on room is scarce until there
   * is some again, and the reserve is given up.
   */
  isLackOfSpace(error: unknown): boolean;
}

export interface DiskSpaceOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** What is laid out and not written yet. */
  readonly reusableBytes: () => number;
  /** Told when room becomes scarce, with the reason, and when there is room again. */
  readonly onChange: (scarcity: string | undefined) => void;
}

const maxReserveBytes = 16 << 20;
const shareOfDisk = 1 / 16;
const uselessForMs = 30_000;
/** The disk is asked so often at most. */
const lookEveryMs = 250;
const lacks: readonly unknown[] = ['ENOSPC', 'EDQUOT'];

/** The room of a disk; takes the reserve if there is room for it. */
export function openDiskSpace({ disk, clock, reusableBytes, onChange }: DiskSpaceOptions): DiskSpace {
  const reserveBytes = Math.min(maxReserveBytes, Math.floor(disk.sizeBytes() * shareOfDisk));
  let nextLookMs = -Infinity;
  let scarcity: string | undefined;
  /** Room that was there when a write failed all the same, under a quota, say; believed again after a while. */
  let uselessBytes = 0;
  let uselessUntilMs = -Infinity;

  function become(words: string | undefined): void {
    const isChange = (words === undefined) !== (scarcity === undefined);
    scarcity = words;
    if (isChange) onChange(words);
  }

  function look(): void {
    nextLookMs = clock.steady() + lookEveryMs;
    const roomBytes = disk.freeBytes() + disk.reservedBytes() + reusableBytes();
    if (nextLookMs > uselessUntilMs) uselessBytes = 0;
    const wantedBytes =
      scarcity === undefined ? 1.5 * reserveBytes : Math.max(2 * reserveBytes, uselessBytes + reserveBytes / 2);
    if (roomBytes < wantedBytes) return become(`disk: room for ${roomBytes} bytes, wanted ${wantedBytes}`);
    uselessBytes = 0;
    takeReserve();
    become(undefined);
  }

  function takeReserve(): void {
    if (disk.reservedBytes() >= reserveBytes || disk.freeBytes() < reserveBytes) return;
    try {
      disk.takeReserve(reserveBytes);
    } catch {
      // Somebody else was faster; the next look tries again.
    }
  }

  look();
  return {
    scarcity() {
      if (clock.steady() >= nextLookMs) look();
      return scarcity;
    },
    isLackOfSpace(error) {
      const { code } = error as { readonly code?: unknown };
      if (!lacks.includes(code)) return false;
      uselessBytes = disk.freeBytes() + disk.reservedBytes() + reusableBytes();
      uselessUntilMs = clock.steady() + uselessForMs;
      disk.giveUpReserve();
      become('disk: no space left');
      nextLookMs = clock.steady() + lookEveryMs;
      return true;
    },
  };
}
