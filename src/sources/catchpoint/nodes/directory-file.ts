// The node directory on disk: JSON with one node a line. It is read first at start, so that every slice is available
// after a restart, even during an outage of the API.

import { join } from 'node:path';
import type { Log } from '../../../runtime/log.ts';
import { finiteNumber, describeValue, member } from '../fields.ts';
import { jsonFile, type JsonFile } from './json-file.ts';
import type { Node } from './node.ts';
import { parseNodes } from './nodes-file.ts';

export interface StoredDirectory {
  /** Time of the listing that the nodes come from, ms since 1970 UTC. */
  readonly refreshedAtMs: number;
  readonly nodes: readonly Node[];
}

const format = 'catchpoint-opentsdb-bridge nodes 1';

/** The order of a node's members in the file. */
const fieldOrder =
  'id name asn continent country region city isp networkType latitude longitude ipRanges active retiredAtMs'.split(' ');

export function directoryFile(options: { readonly stateDir: string; readonly log: Log }): JsonFile<StoredDirectory> {
  return jsonFile({ path: join(options.stateDir, 'nodes', 'directory.json'), parse, render, log: options.log });
}

function render({ refreshedAtMs, nodes }: StoredDirectory): string {
  const head = JSON.stringify({ format, refreshedAt: new Date(refreshedAtMs).toISOString(), refreshedAtMs });
  const lines = nodes.map((node) => JSON.stringify(node, fieldOrder));
  return `${head.slice(0, -1)},"nodes":[\n${lines.join(',\n')}\n]}`;
}

function parse(json: unknown): StoredDirectory {
  const refreshedAtMs = finiteNumber(member(json, 'refreshedAtMs'));
  const read = parseNodes(json);
  if (member(json, 'format') !== format || refreshedAtMs === undefined || read === undefined) {
    throw new Error(
      `not a node directory: expected the format ${JSON.stringify(format)}, found ${describeValue(member(json, 'format'))}`,
    );
  }
  return { refreshedAtMs, nodes: read.nodes };
}
