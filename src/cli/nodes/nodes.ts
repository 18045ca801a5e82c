// The `nodes` command: shows the node directory as it is kept on disk, and refreshes it.

import { DateTime } from 'luxon';
import type { Clock } from '../../runtime/clock.ts';
import type { Config } from '../../config/config.ts';
import type { Log } from '../../runtime/log.ts';
import type { DirectoryChanges } from '../../sources/catchpoint/nodes/changes.ts';
import { directoryFile, type StoredDirectory } from '../../sources/catchpoint/nodes/directory-file.ts';
import { ImplausibleListing } from '../../sources/catchpoint/nodes/directory-updates.ts';
import { found, positiveInteger } from '../../sources/catchpoint/fields.ts';
import { type Node, nodeDirectory } from '../../sources/catchpoint/nodes/node.ts';
import { nodeListing } from '../../sources/catchpoint/nodes/node-source.ts';
import { readNodesFile } from '../../sources/catchpoint/nodes/nodes-file.ts';
import { nodeRefresher } from '../../sources/catchpoint/nodes/refresh.ts';
import { cell, plainTable, shown } from '../plain-text.ts';

export interface NodesCommand {
  readonly config: Config;
  readonly clock: Clock;
  /** In [0, 1), as Math.random gives. */
  readonly random: () => number;
  readonly log: Log;
  /** Takes what is for standard output, with its line ends. */
  readonly write: (text: string) => void;
  /** JSON instead of text for people. */
  readonly json: boolean;
}

const usage = 64;
const unavailable = 69;
const ioError = 74;

/** Writes every node of the directory. Exit code 1 when there is none yet. */
export function listNodes(command: NodesCommand): Promise<number> {
  return withKept(command, (kept) => list(command, kept));
}

function list(command: NodesCommand, kept: StoredDirectory): number {
  const refreshedAt = new Date(kept.refreshedAtMs).toISOString();
  if (command.json) {
    command.write(`${JSON.stringify({ refreshedAt, nodes: kept.nodes }, undefined, 2)}\n`);
    return 0;
  }
  const head = ['ID', 'NAME', 'AS', 'CONTINENT', 'COUNTRY', 'REGION', 'CITY', 'ISP', 'TYPE', 'STATE'];
  const rows = kept.nodes.map((node) => {
    const { id, name, asn, continent, country, region, city, isp, networkType } = node;
    return [id, name, asn, continent, country, region, city, isp, networkType, stateOf(node)];
  });
  const active = kept.nodes.filter((node) => node.active).length;
  const asOf = timeForPeople(kept.refreshedAtMs, command.clock.now());
  command.write(`${plainTable(head, rows)}${kept.nodes.length} nodes, ${active} of them active, as of ${asOf}\n`);
  return 0;
}

/** Writes all that is known of a node. Exit code 1 when the directory does not hold it, 64 when `id` is no id. */
export async function showNode({ id, ...command }: NodesCommand & { readonly id: string | number }): Promise<number> {
  const number = positiveInteger(id);
  if (number === undefined) {
    return failed(command, `expected the id of a node, a positive integer, found ${found(id)}`, usage);
  }
  return withKept(command, ({ nodes, refreshedAtMs }) => {
    const node = nodes.find((each) => each.id === number);
    const asOf = timeForPeople(refreshedAtMs, command.clock.now());
    if (node === undefined) {
      return failed(
        command,
        `node ${number} is not among the ${nodes.length} nodes known as of ${asOf}; \`nodes refresh\` asks again`,
        1,
      );
    }
    command.write(command.json ? `${JSON.stringify(node, undefined, 2)}\n` : described(node));
    return 0;
  });
}

/**
 * Refreshes the directory's file from Catchpoint or the nodes file; a running daemon picks it up within five minutes.
 * Exit code 64 without credentials, 69 when the listing fails, 1 when it is not believed and not accepted, 74 when the
 * file cannot be written.
 */
export async function refreshNodes({
  accept = false,
  signal,
  ...command
}: NodesCommand & { readonly accept?: boolean; readonly signal: AbortSignal }): Promise<number> {
  const { config, clock, random, log } = command;
  const directory = nodeDirectory();
  const file = directoryFile({ stateDir: config.stateDir, log });
  let list;
  try {
    list = nodeListing({ ...config.catchpoint, stateDir: config.stateDir, clock, random, log });
  } catch (error) {
    return failed(command, (error as Error).message, usage);
  }
  const refresher = nodeRefresher({
    directory,
    list,
    file,
    clock,
    random,
    log,
    everyHours: config.catchpoint.refreshHours,
  });
  await refresher.load();
  if (!command.json && config.catchpoint.nodesFile === undefined) {
    command.write(`Reading the nodes from ${config.catchpoint.url}, at most 16 calls a minute…\n`);
  }
  let changes: DirectoryChanges;
  try {
    changes = await refresher.refreshNow({ accept, signal });
  } catch (error) {
    signal.throwIfAborted();
    const { message } = error as Error;
    if (error instanceof ImplausibleListing)
      return failed(command, `${message}; --accept takes it all the same unless it is empty`, 1);
    return failed(command, message, unavailable);
  }
  const { notes, fileFault } = refresher.status();
  if (fileFault !== undefined) return failed(command, `${file.path} cannot be written: ${fileFault}`, ioError);
  command.write(
    command.json
      ? `${JSON.stringify({ ...changes, notes })}\n`
      : `${told(changes)}\n${notes.map((note) => `Not filled in: ${shown(note)}\n`).join('')}`,
  );
  return 0;
}

/** Uses what the daemon has kept; before its first refresh, what a nodes file holds. */
async function withKept(command: NodesCommand, use: (kept: StoredDirectory) => number): Promise<number> {
  const { config, clock, log } = command;
  const { nodesFile } = config.catchpoint;
  try {
    const kept = await directoryFile({ stateDir: config.stateDir, log }).read();
    if (kept !== undefined) return use(kept);
    if (nodesFile !== undefined)
      return use({ refreshedAtMs: clock.now(), nodes: (await readNodesFile(nodesFile)).nodes });
  } catch (error) {
    return failed(command, (error as Error).message, unavailable);
  }
  return failed(command, `no nodes are known yet in ${config.stateDir}; \`nodes refresh\` asks Catchpoint for them`, 1);
}

function failed({ json, write }: NodesCommand, reason: string, exitCode: number): number {
  write(json ? `${JSON.stringify({ error: reason })}\n` : `nodes: ${shown(reason)}\n`);
  return exitCode;
}

function told({ total, added, removed, renamed, movedAsn, movedIsp }: DirectoryChanges): string {
  return `${total} nodes: ${added} new, ${removed} gone, ${renamed} renamed, ${movedAsn} in another AS, ${movedIsp} at another ISP`;
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

function described(node: Node): string {
  const rows = Object.entries(labels).map(
    ([field, label]) => [label, cell(node[field as keyof typeof labels])] as const,
  );
  return [...rows, ['State', stateOf(node)] as const]
    .map(([label, value]) => `${`${label}:`.padEnd(14)}${value}\n`)
    .join('');
}

function stateOf({ active, retiredAtMs }: Node): string {
  if (retiredAtMs !== undefined) return `gone since ${new Date(retiredAtMs).toISOString()}`;
  return active ? 'active' : 'inactive';
}

/** Such as `2026-11-18T10:00:00.000Z (3 hours ago)`. */
function timeForPeople(ms: number, nowMs: number): string {
  const time = DateTime.fromMillis(ms, { zone: 'utc', locale: 'en' });
  const ago = nowMs - ms < 60_000 ? 'just now' : time.toRelative({ base: DateTime.fromMillis(nowMs, { zone: 'utc' }) });
  return `${time.toISO()} (${ago})`;
}
