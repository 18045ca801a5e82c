// What was acknowledged and is lost, ever, counted in the store: it must stay nothing.

import { type Lost, nothingLost } from './lost.ts';
import type { Store } from './store.ts';

export interface Losses {
  /** To be called inside a transaction of the store. */
  add(lost: Partial<Lost>): void;
  total(): Lost;
}

const names = Object.keys(nothingLost) as readonly (keyof Lost)[];

/** Opens the count of a store. */
export function openLosses(store: Store): Losses {
  let total = nothingLost;

  function reread(): void {
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
  };
}
