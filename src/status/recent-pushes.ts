// The latest pushes and the points that each became; of very many a sample, so that watching costs the pushes next to nothing.

import { expanded, pointCount } from '../model/factored-points.ts';
import type { DataPoint, Points } from '../model/point.ts';
import type { RecentPush } from './messages.ts';

export interface RecentPushes {
  /** Whether one is wanted now, by a clock that never jumps. */
  isWanted(nowMs: number): boolean;
  add(push: Omit<RecentPush, 'nth' | 'points'>, points: Points): void;
  /** Those after the one given, the oldest first. */
  after(nth: number): readonly RecentPush[];
  pointsOf(nth: number): readonly DataPoint[] | undefined;
}

const most = 100;
/** So many at once, and then one each so often. */
const burst = 10;
const pauseMs = 100;

export function recentPushes(): RecentPushes {
  const kept: { readonly push: RecentPush; readonly points: Points }[] = [];
  let freeAtMs = -Infinity;
  let added = 0;
  return {
    isWanted(nowMs) {
      if (freeAtMs > nowMs + (burst - 1) * pauseMs) return false;
      freeAtMs = Math.max(freeAtMs, nowMs) + pauseMs;
      return true;
    },
    add(push, points) {
      added += 1;
      kept.push({ push: { ...push, nth: added, points: pointCount(points) }, points });
      if (kept.length > most) kept.shift();
    },
    after: (nth) => kept.filter(({ push }) => push.nth > nth).map(({ push }) => push),
    pointsOf(nth) {
      const found = kept.find(({ push }) => push.nth === nth);
      return found && expanded(found.points);
    },
  };
}
