// `nodes diff`: compares the tag values of two node listings. Each is `stored`, `fresh`, `v1`, `v2` or a file.

import type { Config } from '../../config/config.ts';
import { directoryFile } from '../../sources/catchpoint/nodes/directory-file.ts';
import { nodeListing } from '../../sources/catchpoint/nodes/node-source.ts';
import type { Node } from '../../sources/catchpoint/nodes/node.ts';
import { readNodesFile } from '../../sources/catchpoint/nodes/nodes-file.ts';
import { readOverrides } from '../../sources/catchpoint/nodes/overrides-file.ts';
import { type TagDifferences, tagDifferences } from '../../sources/catchpoint/nodes/tag-differences.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import { textTable } from '../terminal-text.ts';
import { noNodes, type NodesOptions } from './nodes.ts';

export interface NodesDiffOptions extends NodesOptions {
  /** `stored`, `fresh`, `v1`, `v2` or a file of nodes. */
  readonly before: string;
  readonly after: string;
}

/**
 * Writes the differences. Exit code 1 when there are some, else 0.
 *
 * @throws CommandError without credentials or for a listing that fails, and the error of wrong overrides
 */
export async function nodesDiff(options: NodesDiffOptions): Promise<number> {
  const { config, json, write, before, after } = options;
  const { nodeOverrides } = config.catchpoint;
  const overrides = nodeOverrides === undefined ? new Map() : await readOverrides(nodeOverrides);
  const differences = tagDifferences(await readListing(before, options), await readListing(after, options), {
    slices: config.metrics.slices,
    overrideOf: (id) => overrides.get(id),
  });
  write(json ? `${JSON.stringify({ before, after, ...differences }, withNull, 2)}\n` : differencesText(differences));
  return differences.changed.length + differences.added.length + differences.gone.length === 0 ? 0 : 1;
}

async function readListing(name: string, options: NodesDiffOptions): Promise<readonly Node[]> {
  const { config, log, clock, random, signal } = options;
  const { catchpoint, stateDir } = config;
  try {
    if (name === 'stored') {
      const stored = await directoryFile({ stateDir, log }).read();
      if (stored === undefined) throw new CommandError(`stored: ${noNodes(stateDir)}`, exitCodes.usage);
      return stored.nodes;
    }
    if (name !== 'fresh' && name !== 'v1' && name !== 'v2') return (await readNodesFile(name)).nodes;
    const list = nodeListing({ ...catchpoint, ...credentialsFor(name, config), stateDir, clock, random, log });
    return (await list(signal)).nodes;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${name}: ${(error as Error).message}`);
  }
}

type Credentials = Partial<Record<'key' | 'secret' | 'apiKey' | 'nodesFile', undefined>>;

/** Removes the credentials of the other API; `fresh` reads as the bridge itself would. */
function credentialsFor(
  name: 'fresh' | 'v1' | 'v2',
  { catchpoint: { key, secret, apiKey, nodesFile } }: Config,
): Credentials {
  const hasV1 = key !== undefined && secret !== undefined;
  if (name === 'fresh' && !hasV1 && apiKey === undefined && nodesFile === undefined) {
    throw new CommandError(
      'fresh: nowhere to read the nodes from: give --api-key, or --key and --secret, or --nodes-file',
      exitCodes.usage,
    );
  }
  if (name === 'v1' && !hasV1) throw new CommandError('v1: give --key and --secret', exitCodes.usage);
  if (name === 'v2' && apiKey === undefined) throw new CommandError('v2: give --api-key', exitCodes.usage);
  if (name === 'fresh') return {};
  return name === 'v1'
    ? { apiKey: undefined, nodesFile: undefined }
    : { key: undefined, secret: undefined, nodesFile: undefined };
}

/** A JSON replacer: the missing members of a change become null. */
function withNull(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('dimension' in value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return { name: null, before: null, after: null, ...Object.fromEntries(members) };
}

function differencesText({ changed, added, gone, inBoth }: TagDifferences): string {
  const nodes = new Set(changed.map(({ id }) => id)).size;
  const rows = changed.map(({ id, name, dimension, before, after }) => [id, name, dimension, before, after]);
  const table = rows.length === 0 ? '' : textTable(['ID', 'NAME', 'TAG', 'BEFORE', 'AFTER'], rows);
  const summary = `${changed.length} tag values of ${nodes} nodes would change, of ${inBoth} nodes in both; ${added.length} nodes are new, ${gone.length} are gone\n`;
  return `${table}${summary}${idLine('new', added)}${idLine('gone', gone)}`;
}

const maxIds = 20;

function idLine(label: string, ids: readonly number[]): string {
  if (ids.length === 0) return '';
  const more = ids.length > maxIds ? ` and ${ids.length - maxIds} more` : '';
  return `${label}: ${ids.slice(0, maxIds).join(', ')}${more}\n`;
}
