// `nodes diff`: which tag values would change between two listings of the nodes: what is kept, what Catchpoint says now by
// either REST API, and files.

import type { Clock } from '../../runtime/clock.ts';
import type { Config } from '../../config/config.ts';
import type { Log } from '../../runtime/log.ts';
import { directoryFile } from '../../sources/catchpoint/nodes/directory-file.ts';
import type { Node } from '../../sources/catchpoint/nodes/node.ts';
import { nodeListing } from '../../sources/catchpoint/nodes/node-source.ts';
import { readNodesFile } from '../../sources/catchpoint/nodes/nodes-file.ts';
import { readOverrides } from '../../sources/catchpoint/nodes/overrides-file.ts';
import { type TagDifferences, tagDifferences } from '../../sources/catchpoint/nodes/tag-differences.ts';
import { plainTable } from '../plain-text.ts';

export interface NodesDiff {
  readonly config: Config;
  readonly clock: Clock;
  /** In [0, 1), as Math.random gives. */
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Takes what is for standard output, with its line ends. */
  readonly write: (text: string) => void;
  /** JSON instead of text for people. */
  readonly json: boolean;
  /** `stored`, `fresh`, `v1`, `v2` or a file of nodes. */
  readonly before: string;
  readonly after: string;
}

/** A listing that cannot be had: the message names it. */
class NoListing extends Error {
  override readonly name = 'NoListing';
  /** After sysexits: usage, or unavailable. */
  readonly exitCode: 64 | 69;
  constructor(message: string, exitCode: 64 | 69) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Writes what would change. Exit code 0 when nothing would, 1 when something would.
 *
 * @throws an error with an exit code: 64 without what a listing needs, 69 when it cannot be had, 78 for overrides that are wrong
 */
export async function nodesDiff(options: NodesDiff): Promise<number> {
  const { config, json, write } = options;
  const { nodeOverrides } = config.catchpoint;
  const overrides = nodeOverrides === undefined ? new Map() : await readOverrides(nodeOverrides);
  const before = await listed(options.before, options);
  const after = await listed(options.after, options);
  const found = tagDifferences(before, after, { slices: config.metrics.slices, overrideOf: (id) => overrides.get(id) });
  write(
    json ? `${JSON.stringify({ before: options.before, after: options.after, ...found }, withNull, 2)}\n` : told(found),
  );
  return found.changed.length + found.added.length + found.gone.length === 0 ? 0 : 1;
}

async function listed(which: string, options: NodesDiff): Promise<readonly Node[]> {
  const { config, log, clock, random, signal } = options;
  const { catchpoint, stateDir } = config;
  try {
    if (which === 'stored') return await stored(config, log);
    if (which !== 'fresh' && which !== 'v1' && which !== 'v2') return (await readNodesFile(which)).nodes;
    const list = nodeListing({ ...catchpoint, ...credentialsFor(which, config), stateDir, clock, random, log });
    return (await list(signal)).nodes;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof NoListing) throw error;
    throw new NoListing(`${which}: ${(error as Error).message}`, 69);
  }
}

async function stored({ stateDir }: Config, log: Log): Promise<readonly Node[]> {
  const kept = await directoryFile({ stateDir, log }).read();
  if (kept === undefined)
    throw new NoListing(
      `stored: no nodes are known yet in ${stateDir}; \`nodes refresh\` asks Catchpoint for them`,
      64,
    );
  return kept.nodes;
}

type Credentials = Partial<Record<'key' | 'secret' | 'apiKey' | 'nodesFile', undefined>>;

/** Leaves an API nothing but its own credentials; `fresh` is what the bridge itself would read. */
function credentialsFor(
  which: 'fresh' | 'v1' | 'v2',
  { catchpoint: { key, secret, apiKey, nodesFile } }: Config,
): Credentials {
  const hasV1 = key !== undefined && secret !== undefined;
  if (which === 'fresh' && !hasV1 && apiKey === undefined && nodesFile === undefined) {
    throw new NoListing(
      'fresh: nowhere to read the nodes from: give --api-key, or --key and --secret, or --nodes-file',
      64,
    );
  }
  if (which === 'v1' && !hasV1) throw new NoListing('v1: give --key and --secret', 64);
  if (which === 'v2' && apiKey === undefined) throw new NoListing('v2: give --api-key', 64);
  if (which === 'fresh') return {};
  return which === 'v1'
    ? { apiKey: undefined, nodesFile: undefined }
    : { key: undefined, secret: undefined, nodesFile: undefined };
}

/** What there is none of is said, not left out. */
function withNull(_key: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'dimension' in value
    ? { name: null, before: null, after: null, ...defined(value) }
    : value;
}

function defined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
}

function told({ changed, added, gone, inBoth }: TagDifferences): string {
  const nodes = new Set(changed.map(({ id }) => id)).size;
  const rows = changed.map(({ id, name, dimension, before, after }) => [id, name, dimension, before, after]);
  const table = rows.length === 0 ? '' : plainTable(['ID', 'NAME', 'TAG', 'BEFORE', 'AFTER'], rows);
  const sum = `${changed.length} tag values of ${nodes} nodes would change, of ${inBoth} nodes in both; ${added.length} nodes are new, ${gone.length} are gone\n`;
  return `${table}${sum}${idLine('new', added)}${idLine('gone', gone)}`;
}

const maxIds = 20;

function idLine(what: string, ids: readonly number[]): string {
  if (ids.length === 0) return '';
  return `${what}: ${ids.slice(0, maxIds).join(', ')}${ids.length > maxIds ? ` and ${ids.length - maxIds} more` : ''}\n`;
}
