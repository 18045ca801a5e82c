// The golden files, for the tests of the built program.

import { readFileSync } from 'node:fs';

/** With a slash at the end. */
export const goldenDirectory = new URL('../../../test/golden/', import.meta.url).pathname;
export const nodesFile = `${goldenDirectory}nodes/v1.json`;

export function golden(path: string): string {
  return readFileSync(goldenDirectory + path, 'utf8');
}

export function goldenPush(name: string): Buffer {
  return readFileSync(`${goldenDirectory}catchpoint/${name}.json`);
}

/** Returns the put lines of a golden file without its ending `.points`. */
export function goldenPuts(path: string): string[] {
  return golden(`${path}.points`).trim().split('\n');
}
