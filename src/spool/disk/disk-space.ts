// Guards the free space of the disk. Deliveries are refused before the disk is full (deliver.ts asks `scarcity`). If it is
// full nevertheless, a reserve file is deleted, so that positions and checkpoints, which free space, can still be written.

import type { Clock } from '../../runtime/clock.ts';
import type { Disk } from './disk.ts';

export interface DiskSpace {
  /** The reason if the disk is nearly full. */
  scarcity(): string | undefined;
  /** Whether a write failed because the disk is full. If so, releases the reserve and reports scarcity. */
  isLackOfSpace(error: unknown): boolean;
}

const maxReserveBytes = 16 << 20;
const shareOfDisk = 1 / 16;
const distrustMs = 30_000;
const lookIntervalMs = 250;
const fullDiskCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT'];

/**
 * Creates the reserve if there is space for it.
 *
 * @param reusableBytes - preallocated bytes that are unused
 * @param onChange - called when space becomes scarce or available again
 */
export function openDiskSpace(
  disk: Disk,
  clock: Pick<Clock, 'steady'>,
  reusableBytes: () => number,
  onChange: (scarcity: string | undefined) => void,
): DiskSpace {
  const reserveBytes = Math.min(maxReserveBytes, Math.floor(disk.sizeBytes() * shareOfDisk));
  let nextLookMs = -Infinity;
  let scarcity: string | undefined;
  /** Free bytes that the disk reported while a write failed for lack of space, for example under a quota. */
  let unusableBytes = 0;
  let distrustedUntilMs = -Infinity;

  const availableBytes = (): number => disk.freeBytes() + disk.reservedBytes() + reusableBytes();

  function setScarcity(reason: string | undefined): void {
    const isChange = (reason === undefined) !== (scarcity === undefined);
    scarcity = reason;
    if (isChange) onChange(reason);
  }

  function look(): void {
    nextLookMs = clock.steady() + lookIntervalMs;
    const available = availableBytes();
    if (nextLookMs > distrustedUntilMs) unusableBytes = 0;
    const wanted =
      scarcity === undefined ? 1.5 * reserveBytes : Math.max(2 * reserveBytes, unusableBytes + reserveBytes / 2);
    if (available < wanted) return setScarcity(`disk: room for ${available} bytes, wanted ${wanted}`);
    unusableBytes = 0;
    takeReserve();
    setScarcity(undefined);
  }

  function takeReserve(): void {
    if (disk.reservedBytes() >= reserveBytes || disk.freeBytes() < reserveBytes) return;
    try {
      disk.takeReserve(reserveBytes);
    } catch {
      // Another process has used the space. The next look tries again.
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
      if (!fullDiskCodes.includes(code)) return false;
      unusableBytes = availableBytes();
      distrustedUntilMs = clock.steady() + distrustMs;
      disk.giveUpReserve();
      setScarcity('disk: no space left');
      nextLookMs = clock.steady() + lookIntervalMs;
      return true;
    },
  };
}
