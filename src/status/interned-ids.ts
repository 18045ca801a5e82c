// Maps ids to small numbers. The capacity is bounded; when it is exhausted, ids that were
// not used for an hour are removed.

export interface InternedIds {
  /** The number of an id, from 1; 0 when all numbers are in use. */
  numberOf(id: number, nowS: number): number;
  /** The number of an id, if it has one. */
  find(id: number): number | undefined;
  idOf(number: number): number | undefined;
  /** One more than the highest number so far. */
  end(): number;
  ids(): IterableIterator<number>;
}

/** Runs are shown for an hour, so their numbers must stay valid. */
const retentionS = 3600;
const sweepEveryS = 60;

/** @param capacity - at most 65,535 */
export function internedIds(capacity: number): InternedIds {
  const numbers = new Map<number, number>();
  const ids: (number | undefined)[] = [undefined];
  const usedS = new Float64Array(capacity + 1);
  const free: number[] = [];
  let sweptS = -Infinity;

  function sweep(nowS: number): void {
    sweptS = nowS;
    for (const [id, number] of numbers) {
      if (nowS - (usedS[number] as number) <= retentionS) continue;
      numbers.delete(id);
      ids[number] = undefined;
      free.push(number);
    }
  }

  function allocate(id: number, nowS: number): number {
    if (free.length === 0 && ids.length > capacity && nowS - sweptS >= sweepEveryS) sweep(nowS);
    const number = free.pop() ?? (ids.length <= capacity ? ids.length : 0);
    if (number === 0) return 0;
    ids[number] = id;
    numbers.set(id, number);
    return number;
  }

  return {
    numberOf(id, nowS) {
      const number = numbers.get(id) ?? allocate(id, nowS);
      usedS[number] = nowS;
      return number;
    },
    find: (id) => numbers.get(id),
    idOf: (number) => ids[number],
    end: () => ids.length,
    ids: () => numbers.keys(),
  };
}
