// The node directory on disk: readable JSON with a node a line, read first at start, so that neither a restart nor an
// outage of the API costs a slice.

import { join } from 'node:path';
import type { Log } from '../../../runtime/log.ts';
import { finiteNumber, found, member } from '../fields.ts';
import { jsonFile, type JsonFile } from './json-file.ts';
import type { Node } from './node.ts';
import { nodesOf } from './nodes-file.ts';

/** The directory as it is kept. */
export interface StoredDirectory {
  /** When the listing that it came from was complete, in ms since 1970 UTC. */
  readonly refreshedAtMs: number;
  readonly nodes: readonly Node[];
}

const format = 'catchpoint-opentsdb-bridge nodes 1';

/** The directory's file in the state directory. */
export function directoryFile({
  stateDir,
  log,
}: {
  readonly stateDir: string;
  readonly log: Log;
}): JsonFile<StoredDirectory> {
  return jsonFile({ path: join(stateDir, 'nodes', 'directory.json'), parse: directoryOf, render, log });
}

function render({ refreshedAtMs, nodes }: StoredDirectory): string {
  const head = JSON.stringify({ format, refreshedAt: new Date(refreshedAtMs).toISOString(), refreshedAtMs });
  return `${head.slice(0, -1)},"nodes":[\n${nodes.map(lineOf).join(',\n')}\n]}`;
}

/** With its members in this order, wherever the node comes from; those that are not known are left out. */
function lineOf(node: Node): string {
  const {
    id,
    name,
    asn,
    continent,
    country,
    region,
    city,
    isp,
    networkType,
    latitude,
    longitude,
    ipRanges,
    active,
    retiredAtMs,
  } = node;
  return JSON.stringify({
    id,
    name,
    asn,
    continent,
    country,
    region,
    city,
    isp,
    networkType,
    latitude,
    longitude,
    ipRanges,
    active,
    retiredAtMs,
  });
}

function directoryOf(json: unknown): StoredDirectory {
  const refreshedAtMs = finiteNumber(member(json, 'refreshedAtMs'));
  const read = nodesOf(json);
  if (member(json, 'format') !== format || refreshedAtMs === undefined || read === undefined) {
    throw new Error(
      `not a node directory: expected the format ${JSON.stringify(format)}, found ${found(member(json, 'format'))}`,
    );
  }
  return { refreshedAtMs, nodes: read.nodes };
}
