// What was acknowledged and is lost, ever, counted in the store: it must stay nothing.

import { type Lost, nothingLost } from './lost.ts';
import type { Store } from './store.ts';

export interface Losses {
  /** To be called inside a transaction of the store. */
  add(lost: Partial<Lost>): void;
  total(): Lost;
  /** The records that can be read no more, are counted, and are waited for still; how many points were in each, as far as their neighbours tell. */
  readonly damaged: ReadonlyMap<number, number>;
  /** To be called inside a transaction: notes one of them. */
  noteDamaged(sequence: number, points: number): void;
  /** To be called inside a transaction: forgets one that nobody waits for any more. */
  forgetDamaged(sequence: number): void;
}

const names = Object.keys(nothingLost) as readonly (keyof Lost)[];

/** Before the number of a record, in the meta data. */
const mark = 'damaged ';

/** Opens the count of a store. */
export function openLosses(store: Store): Losses {
  let total = nothingLost;
  const damaged = new Map<number, number>();

  function reread(): void {
    damaged.clear();
    for (const { key, value } of store.meta.getRange({ start: mark, end: `${mark}:` })) damaged.set(Number(key.slice(mark.length)), value);
    total = Object.fromEntries(names.map((name) => [name, store.meta.get(`lost-${name}`) ?? 0])) as unknown as Lost;
  }

  reread();
  store.onFailure(reread);
  return {
    add(lost) {
      for (const name of names) {
        const more = lost[name] ?? 0;
        if (more === 0) continue;
        total = { ...total, [name]: total[name] + more };
        store.meta.putSync(`lost-${name}`, total[name]);
      }
    },
    total: () => total,
    damaged,
    noteDamaged(sequence, points) {
      damaged.set(sequence, points);
      store.meta.putSync(`${mark}${sequence}`, points);
    },
    forgetDamaged(sequence) {
      damaged.delete(sequence);
      store.meta.removeSync(`${mark}${sequence}`);
    },
  };
}
