// The network figures of a sample: per interface, and in total.

import type { Figure } from './figure.ts';
import { addedFigure, originalFigure } from './figure-values.ts';
import { counterOf, isRecord, memberOf } from './json-fields.ts';

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
  const byInterface = memberOf(stats, 'networks');
  if (!isRecord(byInterface)) return { original: totals([countersOf(memberOf(stats, 'network'))]), added: [] };
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
  return hasBytesAlone ? { rx_bytes: counters.rx_bytes as bigint, tx_bytes: counters.tx_bytes as bigint } : counters;
}

function bytesOf({ rx_bytes: received = 0n, tx_bytes: sent = 0n }: Counters): bigint {
  return received + sent;
}

/** A total is omitted if an interface lacks the counter: it would be too small. */
function totals(interfaces: readonly Counters[]): Figure[] {
  return members.flatMap((member) => {
    const counters = interfaces.map((counted) => counted[member]);
    const known = counters.filter((counter) => counter !== undefined);
    const isWhole = known.length === counters.length && known.length > 0;
    return originalFigure(`network.${member}`, isWhole ? known.reduce((sum, counter) => sum + counter, 0n) : undefined);
  });
}
