// The latest pushes with their points. Above ten a second it keeps a sample, so that pushes are not slowed down.

import { expanded, pointCount } from '../model/factored-points.ts';
import type { DataPoint, Points } from '../model/point.ts';
import type { RecentPush } from './messages.ts';

export interface RecentPushes {
  /** Takes a token of the sample's bucket; false when it is empty. */
  isSampled(steadyMs: number): boolean;
  add(push: Omit<RecentPush, 'nth' | 'points'>, points: Points): void;
  /** The later ones, the oldest first. */
  after(nth: number): readonly RecentPush[];
  pointsOf(nth: number): readonly DataPoint[] | undefined;
}

const maxPushes = 100;
const burst = 10;
const refillMs = 100;

export function recentPushes(): RecentPushes {
  const kept: { readonly push: RecentPush; readonly points: Points }[] = [];
  let fullAtMs = -Infinity;
  let added = 0;
  return {
    isSampled(steadyMs) {
      if (fullAtMs > steadyMs + (burst - 1) * refillMs) return false;
      fullAtMs = Math.max(fullAtMs, steadyMs) + refillMs;
      return true;
    },
    add(push, points) {
      added += 1;
      kept.push({ push: { ...push, nth: added, points: pointCount(points) }, points });
      if (kept.length > maxPushes) kept.shift();
    },
    after: (nth) => kept.filter(({ push }) => push.nth > nth).map(({ push }) => push),
    pointsOf(nth) {
      const found = kept.find(({ push }) => push.nth === nth);
      return found && expanded(found.points);
    },
  };
}
