// Whether the sender of a push may speak for the node, the division and the client that it names.

import { BlockList } from 'node:net';
import { addNetwork, familyOf, isWithin } from './ip-networks.ts';
import { Refusal } from '../refusal.ts';

export const senderChecks = ['off', 'report', 'enforce'] as const;
export type SenderCheck = (typeof senderChecks)[number];

/** What a push says of itself, and what is known of its node. */
export interface SentRun {
  readonly clientId?: number | undefined;
  readonly divisionId?: number | undefined;
  readonly nodeId: number;
  /** As Catchpoint lists them: addresses and networks, separated by commas; undefined: not known. */
  readonly ipRanges: string | undefined;
}

export interface SenderCheckOptions {
  readonly check: SenderCheck;
  /** Ids; empty: every one. */
  readonly divisions: readonly number[];
  readonly clients: readonly number[];
}

/** What was found about the senders of pushes. */
export interface SenderCheckCounts {
  /** The address is one of the node's. */
  fitting: number;
  /** It is not; refused only where that is enforced. */
  strange: number;
  /** The node is not known, or its addresses are not. */
  unknown: number;
  /** Refused for its division or its client. */
  division: number;
  client: number;
}

export interface CheckedSenders {
  /** @throws Refusal with 403 */
  admit(address: string, run: SentRun): void;
  readonly counts: SenderCheckCounts;
}

/**
 * @param options - looked at with every push
 * @param strange - told of an address that is none of its node's
 */
export function checkedSenders(
  options: SenderCheckOptions,
  strange: (nodeId: number, address: string) => void,
): CheckedSenders {
  const counts: SenderCheckCounts = { fitting: 0, strange: 0, unknown: 0, division: 0, client: 0 };
  const networks = nodeNetworks();
  function admitId(name: 'division' | 'client', allowed: readonly number[], id: number | undefined): void {
    if (allowed.length === 0 || (id !== undefined && allowed.includes(id))) return;
    counts[name] += 1;
    throw new Refusal(403, `${name}: expected one that is allowed here, found ${id ?? 'none'}`);
  }
  return {
    counts,
    admit(address, run) {
      const { check, divisions, clients } = options;
      admitId('division', divisions, run.divisionId);
      admitId('client', clients, run.clientId);
      if (check === 'off') return;
      const found = networks.judge(run.ipRanges, address);
      counts[found] += 1;
      if (found !== 'strange') return;
      strange(run.nodeId, address);
      if (check === 'enforce') throw new Refusal(403, `address: ${address} is none of those of node ${run.nodeId}`);
    },
  };
}

interface Ranges {
  readonly list: BlockList;
  /** Whether all of the text was understood. */
  readonly isWhole: boolean;
  /** The address that was looked at last, and what was found: a node sends from one for long. */
  address: string;
  found: 'fitting' | 'strange' | 'unknown';
}

/** Over so many different texts they are read anew; there are about 3,000 nodes. */
const maxTexts = 20_000;

/** What the nodes' address lists mean, each read once. */
function nodeNetworks(): { judge(ipRanges: string | undefined, address: string): 'fitting' | 'strange' | 'unknown' } {
  const known = new Map<string, Ranges>();
  return {
    judge(ipRanges, address) {
      if (ipRanges === undefined) return 'unknown';
      let ranges = known.get(ipRanges);
      if (ranges === undefined) {
        ranges = rangesIn(ipRanges);
        if (known.size >= maxTexts) known.clear();
        known.set(ipRanges, ranges);
      }
      if (ranges.address !== address) {
        ranges.found = found(ranges, address);
        ranges.address = address;
      }
      return ranges.found;
    },
  };
}

function found({ list, isWhole }: Ranges, address: string): Ranges['found'] {
  if (isWithin(list, address)) return 'fitting';
  return isWhole && familyOf(address) !== undefined ? 'strange' : 'unknown';
}

function rangesIn(text: string): Ranges {
  const list = new BlockList();
  const parts = text
    .split(/[,;\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  let isWhole = parts.length > 0;
  for (const part of parts) {
    try {
      addNetwork(list, part);
    } catch {
      isWhole = false;
    }
  }
  return { list, isWhole, address: '', found: 'unknown' };
}
