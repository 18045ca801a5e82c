// Gives ids that come from outside small numbers, a bounded lot of them: what was not seen for an hour makes room.

export interface InternedIds {
  /** The number of an id, from 1; 0 when all numbers are taken. */
  numberOf(id: number, nowS: number): number;
  /** The number of an id that has one. */
  find(id: number): number | undefined;
  idOf(number: number): number | undefined;
  /** One more than the highest number that was ever given. */
  end(): number;
  ids(): IterableIterator<number>;
}

/** Before that an id keeps its number, for what was written down under it is still looked at. */
const keptS = 3600;
const sweepEveryS = 60;

/** @param most - how many numbers there are, at most 65,535 */
export function internedIds(most: number): InternedIds {
  const numbers = new Map<number, number>();
  const ids: (number | undefined)[] = [undefined];
  const seenS = new Float64Array(most + 1);
  const free: number[] = [];
  let sweptS = -Infinity;

  function sweep(nowS: number): void {
    sweptS = nowS;
    for (const [id, number] of numbers) {
      if (nowS - (seenS[number] as number) <= keptS) continue;
      numbers.delete(id);
      ids[number] = undefined;
      free.push(number);
    }
  }

  function take(id: number, nowS: number): number {
    if (free.length === 0 && ids.length > most && nowS - sweptS >= sweepEveryS) sweep(nowS);
    const number = free.pop() ?? (ids.length <= most ? ids.length : 0);
    if (number === 0) return 0;
    ids[number] = id;
    numbers.set(id, number);
    return number;
  }

  return {
    numberOf(id, nowS) {
      const number = numbers.get(id) ?? take(id, nowS);
      seenS[number] = nowS;
      return number;
    },
    find: (id) => numbers.get(id),
    idOf: (number) => ids[number],
    end: () => ids.length,
    ids: () => numbers.keys(),
  };
}
