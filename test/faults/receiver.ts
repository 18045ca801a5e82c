// The receiver of the fault harness: the simulated OpenTSDB on one port, which changes its state and records every
// stored point in the ledger.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataPoint } from '../../src/model/point.ts';
import type { TsdAnswer } from '../../src/simulator/tsd/answers.ts';
import type { Exchange } from '../../src/simulator/tsd/http.ts';
import { openTsd, type Tsd, type TsdOptions } from '../../src/simulator/tsd/tsd.ts';
import type { Delivery, Ledger } from './ledger.ts';
import { healthy, type ReceiverState } from './receiver-states.ts';

export interface Receiver {
  readonly port: number;
  /** Changes the state. */
  be(state: ReceiverState): Promise<void>;
  state(): string;
  /** Requests and telnet lines so far. */
  requests(): number;
  close(): Promise<void>;
}

export interface ReceiverOptions {
  readonly ledger: Ledger;
  readonly random: () => number;
  /** A monotonic clock, in ms. */
  readonly steady: () => number;
  readonly autoCreateMetrics?: boolean;
}

interface Receiving extends ReceiverOptions {
  readonly underway: AsyncLocalStorage<Delivery>;
  deliveries: number;
  requests: number;
  state: ReceiverState;
  changed: Promise<void>;
  change: () => void;
}

export async function openReceiver(options: ReceiverOptions): Promise<Receiver> {
  const underway = new AsyncLocalStorage<Delivery>();
  const one: Receiving = {
    ...options,
    underway,
    deliveries: 0,
    requests: 0,
    state: healthy,
    changed: Promise.resolve(),
    change: () => {},
  };
  enter(one, healthy);
  let tsd: Tsd | undefined = await openTsd(optionsOf(one, 0));
  const { port } = tsd;
  return {
    port,
    async be(state) {
      one.ledger.disturbed(one.steady());
      enter(one, state);
      if (state.isDown === true) {
        await tsd?.close();
        tsd = undefined;
      } else {
        tsd ??= await openTsd(optionsOf(one, port));
      }
      one.ledger.disturbed(one.steady());
    },
    state: () => one.state.name,
    requests: () => one.requests,
    async close() {
      one.change();
      await tsd?.close();
    },
  };
}

function enter(one: Receiving, state: ReceiverState): void {
  one.change();
  one.state = state;
  one.changed = new Promise((resolve) => void (one.change = resolve));
}

function optionsOf(one: Receiving, port: number): TsdOptions {
  return {
    port,
    rememberedPoints: 0,
    ...(one.autoCreateMetrics !== undefined && { autoCreateMetrics: one.autoCreateMetrics }),
    onPoint: (point) => one.ledger.deliver(lineOf(point), point.timestamp, one.underway.getStore() ?? byTelnet(one)),
    storage: (point) => (one.state.storage === undefined ? 'stored' : one.state.storage(one)(point)),
    interceptTelnet: (socket) => one.state.telnet?.(one)(socket) ?? false,
    intercept: (exchange, answer) => intercept(one, exchange, answer),
  };
}

async function intercept(one: Receiving, exchange: Exchange, answer: () => Promise<TsdAnswer>): Promise<TsdAnswer> {
  one.requests += 1;
  one.deliveries += 1;
  const { state } = one;
  const delivery: Delivery = {
    number: one.deliveries,
    fromMs: one.steady(),
    toMs: undefined,
    isSpoilt: state.isSpoiling === true,
  };
  try {
    return await one.underway.run(delivery, () =>
      state.fault === undefined ? answer() : state.fault(one)(exchange, answer),
    );
  } finally {
    delivery.toMs = one.steady();
  }
}

/** Telnet confirms nothing, so every copy has a cause. */
function byTelnet(one: Receiving): Delivery {
  return { number: 0, fromMs: one.steady(), toMs: one.steady(), isSpoilt: true };
}

function lineOf({ metric, timestamp, value, tags }: DataPoint): string {
  let line = `${metric} ${timestamp} ${value}`;
  for (const name of Object.keys(tags)) line += ` ${name}=${tags[name]}`;
  return line;
}
