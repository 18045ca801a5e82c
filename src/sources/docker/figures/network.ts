// The network figures of a sample: per interface, and in total.

import type { Figure } from './figure.ts';
import { addedFigure, originalFigure } from './figure-values.ts';
import { get, isObject } from '../../json-members.ts';
import { counterOf } from './json-fields.ts';

const members = [
  'rx_bytes',
  'rx_packets',
  'rx_errors',
  'rx_dropped',
  'tx_bytes',
  'tx_packets',
  'tx_errors',
  'tx_dropped',
] as const;

type Counters = Readonly<Partial<Record<(typeof members)[number], bigint>>>;

export interface NetworkFigures {
  readonly original: readonly Figure[];
  readonly added: readonly Figure[];
}

/**
 * Reads `networks`, an object by interface name; before API 1.21 the single `network`, which gives totals alone.
 * A container without a network of its own (none, host) has neither, and no figures.
 */
export function readNetwork(stats: unknown): NetworkFigures {
  const byInterface = get(stats, 'networks');
  if (!isObject(byInterface)) return { original: totals([countersOf(get(stats, 'network'))]), added: [] };
  const interfaces = Object.entries(byInterface).map(([name, value]) => [name, countersOf(value)] as const);
  return {
    original: totals(interfaces.map(([, counters]) => counters)),
    added: interfaces.flatMap(([name, counters]) =>
      members.flatMap((member) => addedFigure(`network.${member}`, counters[member], name)),
    ),
  };
}

function countersOf(value: unknown): Counters {
  const counters: Counters = Object.fromEntries(members.map((member) => [member, counterOf(value, member)]));
  // Podman 4 counts bytes alone and writes 0 for the rest. Docker has no bytes without packets.
  const hasBytesAlone = (counters.rx_packets ?? 0n) + (counters.tx_packets ?? 0n) === 0n && bytesOf(counters) > 0n;
  if (!hasBytesAlone) return counters;
  return Object.fromEntries(Object.entries(counters).filter(([member]) => member.endsWith('_bytes')));
}

function bytesOf({ rx_bytes: received = 0n, tx_bytes: sent = 0n }: Counters): bigint {
  return received + sent;
}

/** The sum over the interfaces that have the counter. */
function totals(interfaces: readonly Counters[]): Figure[] {
  return members.flatMap((member) => {
    const counters = interfaces.map((counted) => counted[member]).filter((counter) => counter !== undefined);
    const total = counters.length === 0 ? undefined : counters.reduce((sum, counter) => sum + counter, 0n);
    return originalFigure(`network.${member}`, total);
  });
}
