// `nodes list`, `nodes show` and `nodes refresh`: the node directory in the state directory.

import { DateTime } from 'luxon';
import type { Config } from '../../config/config.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { found, positiveInteger } from '../../sources/catchpoint/fields.ts';
import type { DirectoryChanges } from '../../sources/catchpoint/nodes/changes.ts';
import { directoryFile, type StoredDirectory } from '../../sources/catchpoint/nodes/directory-file.ts';
import { ImplausibleListing } from '../../sources/catchpoint/nodes/directory-updates.ts';
import { nodeListing } from '../../sources/catchpoint/nodes/node-source.ts';
import { type Node, nodeDirectory } from '../../sources/catchpoint/nodes/node.ts';
import { readNodesFile } from '../../sources/catchpoint/nodes/nodes-file.ts';
import { nodeRefresher } from '../../sources/catchpoint/nodes/refresh.ts';
import { exitCodes } from '../exit-codes.ts';
import { printable, textCell, textTable } from '../terminal-text.ts';

export interface NodesOptions {
  readonly config: Config;
  readonly clock: Clock;
  /** In [0, 1), as Math.random gives. */
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly write: (text: string) => void;
  /** Writes JSON in place of text for people. */
  readonly json: boolean;
}

/** Exit code 1 before the first refresh. */
export function listNodes(options: NodesOptions): Promise<number> {
  return withDirectory(options, (directory) => list(options, directory));
}

function list({ json, write, clock }: NodesOptions, { nodes, refreshedAtMs }: StoredDirectory): number {
  if (json) {
    const refreshedAt = new Date(refreshedAtMs).toISOString();
    write(`${JSON.stringify({ refreshedAt, nodes }, undefined, 2)}\n`);
    return 0;
  }
  const head = ['ID', 'NAME', 'AS', 'CONTINENT', 'COUNTRY', 'REGION', 'CITY', 'ISP', 'TYPE', 'STATE'];
  const rows = nodes.map((node) => {
    const { id, name, asn, continent, country, region, city, isp, networkType } = node;
    return [id, name, asn, continent, country, region, city, isp, networkType, stateOf(node)];
  });
  const active = nodes.filter((node) => node.active).length;
  const asOf = formatTime(refreshedAtMs, clock.now());
  write(`${textTable(head, rows)}${nodes.length} nodes, ${active} of them active, as of ${asOf}\n`);
  return 0;
}

/** Exit code 1 when the directory does not have the node, 64 when `id` is not an id. */
export async function showNode({ id, ...options }: NodesOptions & { readonly id: string }): Promise<number> {
  const number = positiveInteger(id);
  if (number === undefined)
    return fail(options, `expected the id of a node, a positive integer, found ${found(id)}`, exitCodes.usage);
  return withDirectory(options, ({ nodes, refreshedAtMs }) => {
    const node = nodes.find((each) => each.id === number);
    if (node === undefined) {
      const asOf = formatTime(refreshedAtMs, options.clock.now());
      return fail(
        options,
        `node ${number} is not among the ${nodes.length} nodes known as of ${asOf}; \`nodes refresh\` asks again`,
        1,
      );
    }
    options.write(options.json ? `${JSON.stringify(node, undefined, 2)}\n` : nodeText(node));
    return 0;
  });
}

/**
 * Writes the directory file; a running daemon reads it within five minutes. Exit code 64 without credentials, 69 when
 * the listing fails, 1 when it is implausible and not accepted, 74 when the file cannot be written.
 */
export async function refreshNodes(options: NodesOptions & { readonly accept: boolean }): Promise<number> {
  const { config, clock, random, log, signal, accept, json, write } = options;
  const { stateDir, catchpoint } = config;
  const file = directoryFile({ stateDir, log });
  let listing;
  try {
    listing = nodeListing({ ...catchpoint, stateDir, clock, random, log });
  } catch (error) {
    return fail(options, (error as Error).message, exitCodes.usage);
  }
  const refresher = nodeRefresher({
    directory: nodeDirectory(),
    list: listing,
    file,
    clock,
    random,
    log,
    everyHours: catchpoint.refreshHours,
  });
  await refresher.load();
  if (!json && catchpoint.nodesFile === undefined)
    write(`Reading the nodes from ${catchpoint.url}, at most 16 calls a minute…\n`);
  let changes: DirectoryChanges;
  try {
    changes = await refresher.refreshNow({ accept, signal });
  } catch (error) {
    signal.throwIfAborted();
    const { message } = error as Error;
    if (error instanceof ImplausibleListing)
      return fail(options, `${message}; --accept takes it all the same unless it is empty`, 1);
    return fail(options, message, exitCodes.unavailable);
  }
  const { notes, fileFault } = refresher.status();
  if (fileFault !== undefined) return fail(options, `${file.path} cannot be written: ${fileFault}`, exitCodes.ioError);
  write(json ? `${JSON.stringify({ ...changes, notes })}\n` : changesText(changes, notes));
  return 0;
}

/** Before the first refresh it uses the nodes file. */
async function withDirectory(options: NodesOptions, use: (directory: StoredDirectory) => number): Promise<number> {
  const { config, clock, log } = options;
  const { nodesFile } = config.catchpoint;
  try {
    const stored = await directoryFile({ stateDir: config.stateDir, log }).read();
    if (stored !== undefined) return use(stored);
    if (nodesFile !== undefined)
      return use({ refreshedAtMs: clock.now(), nodes: (await readNodesFile(nodesFile)).nodes });
  } catch (error) {
    return fail(options, (error as Error).message, exitCodes.unavailable);
  }
  return fail(options, noNodes(config.stateDir), 1);
}

export function noNodes(stateDir: string): string {
  return `no nodes are known yet in ${stateDir}; \`nodes refresh\` asks Catchpoint for them`;
}

function fail({ json, write }: NodesOptions, reason: string, exitCode: number): number {
  write(json ? `${JSON.stringify({ error: reason })}\n` : `nodes: ${printable(reason)}\n`);
  return exitCode;
}

function changesText(changes: DirectoryChanges, notes: readonly string[]): string {
  const { total, added, removed, renamed, movedAsn, movedIsp } = changes;
  const summary = `${total} nodes: ${added} new, ${removed} gone, ${renamed} renamed, ${movedAsn} in another AS, ${movedIsp} at another ISP`;
  return `${summary}\n${notes.map((note) => `Not filled in: ${printable(note)}\n`).join('')}`;
}

const labels = {
  id: 'Node',
  name: 'Name',
  asn: 'AS',
  continent: 'Continent',
  country: 'Country',
  region: 'Region',
  city: 'City',
  isp: 'ISP',
  networkType: 'Network type',
  latitude: 'Latitude',
  longitude: 'Longitude',
  ipRanges: 'IP ranges',
} as const satisfies Partial<Record<keyof Node, string>>;

function nodeText(node: Node): string {
  const rows = Object.entries(labels).map(([field, label]) => [label, textCell(node[field as keyof typeof labels])]);
  return [...rows, ['State', stateOf(node)]].map(([label, value]) => `${`${label}:`.padEnd(14)}${value}\n`).join('');
}

function stateOf({ active, retiredAtMs }: Node): string {
  if (retiredAtMs !== undefined) return `gone since ${new Date(retiredAtMs).toISOString()}`;
  return active ? 'active' : 'inactive';
}

/** Such as `2026-11-18T10:00:00.000Z (3 hours ago)`. */
function formatTime(ms: number, nowMs: number): string {
  const time = DateTime.fromMillis(ms, { zone: 'utc', locale: 'en' });
  const ago = nowMs - ms < 60_000 ? 'just now' : time.toRelative({ base: DateTime.fromMillis(nowMs, { zone: 'utc' }) });
  return `${time.toISO()} (${ago})`;
}
