// Checks that the sender of a push may report for its node, division and client.

import { BlockList } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { logThrottle } from '../../runtime/log-throttle.ts';
import { HttpError } from '../../http/http-error.ts';
import { addNetwork, familyOf, isWithin } from './ip-networks.ts';

export const senderCheckModes = ['off', 'report', 'enforce'] as const;
export type SenderCheckMode = (typeof senderCheckModes)[number];

/** Ids in the push, and the addresses of its node in the node directory. */
export interface SentRun {
  readonly clientId?: number | undefined;
  readonly divisionId?: number | undefined;
  readonly nodeId: number;
  /** Catchpoint's list: addresses and networks, separated by commas. Undefined: unknown. */
  readonly ipRanges: string | undefined;
}

export interface SenderCheckOptions {
  readonly check: SenderCheckMode;
  /** Allowed ids; empty allows all. */
  readonly divisions: readonly number[];
  readonly clients: readonly number[];
}

/** `access.senders` of /healthz. The first three count pushes by the match of address and node. */
export interface SenderCheckCounts {
  fitting: number;
  /** Refused in the mode `enforce` alone. */
  strange: number;
  /** The addresses of the node are unknown, or not all of them can be parsed. */
  unknown: number;
  /** Refused for the division or the client. */
  division: number;
  client: number;
}

/** @param options - read with every push */
export function senderCheck(
  options: SenderCheckOptions,
  { clock, log }: { readonly clock: Pick<Clock, 'steady'>; readonly log: Log },
) {
  const counts: SenderCheckCounts = { fitting: 0, strange: 0, unknown: 0, division: 0, client: 0 };
  const matchRanges = rangesMatcher();
  const mismatches = logThrottle(clock);
  function checkId(name: 'division' | 'client', allowed: readonly number[], id: number | undefined): void {
    if (allowed.length === 0 || (id !== undefined && allowed.includes(id))) return;
    counts[name] += 1;
    throw new HttpError(403, `${name}: expected one that is allowed here, found ${id ?? 'none'}`);
  }
  return {
    counts,
    /** @throws HttpError with 403 */
    admit(address: string, { divisionId, clientId, nodeId, ipRanges }: SentRun): void {
      const { check, divisions, clients } = options;
      checkId('division', divisions, divisionId);
      checkId('client', clients, clientId);
      if (check === 'off') return;
      const match = matchRanges(ipRanges, address);
      counts[match] += 1;
      if (match !== 'strange') return;
      mismatches((times) =>
        log.warn({ times, node: nodeId, from: address }, "pushes come from an address that is none of their node's"),
      );
      if (check === 'enforce') throw new HttpError(403, `address: ${address} is none of those of node ${nodeId}`);
    },
  };
}

type Match = 'fitting' | 'strange' | 'unknown';

interface ParsedRanges {
  readonly list: BlockList;
  readonly isComplete: boolean;
  /** Cache of the last match: a node keeps its address for long. */
  address: string;
  match: Match;
}

/** Above this number of texts the cache is cleared. Catchpoint has about 3,000 nodes. */
const maxTexts = 20_000;

/** Caches the parsed address lists by their text. */
function rangesMatcher(): (ipRanges: string | undefined, address: string) => Match {
  const parsed = new Map<string, ParsedRanges>();
  return (ipRanges, address) => {
    if (ipRanges === undefined) return 'unknown';
    let ranges = parsed.get(ipRanges);
    if (ranges === undefined) {
      ranges = parseRanges(ipRanges);
      if (parsed.size >= maxTexts) parsed.clear();
      parsed.set(ipRanges, ranges);
    }
    if (ranges.address !== address) {
      ranges.match = matchOf(ranges, address);
      ranges.address = address;
    }
    return ranges.match;
  };
}

function matchOf({ list, isComplete }: ParsedRanges, address: string): Match {
  if (isWithin(list, address)) return 'fitting';
  return isComplete && familyOf(address) !== undefined ? 'strange' : 'unknown';
}

function parseRanges(text: string): ParsedRanges {
  const list = new BlockList();
  const parts = text
    .split(/[,;\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  let isComplete = parts.length > 0;
  for (const part of parts) {
    try {
      addNetwork(list, part);
    } catch {
      isComplete = false;
    }
  }
  return { list, isComplete, address: '', match: 'unknown' };
}
