// Golden pushes and the default slice options of the tests.

import { readFileSync } from 'node:fs';
import { dimensions, type SliceOptions } from '../../../src/sources/catchpoint/slices.ts';

export const golden = new URL('../../../../test/golden/', import.meta.url).pathname;

export function goldenPush(name: string): Buffer {
  return readFileSync(`${golden}catchpoint/${name}.json`);
}

/** A DNS run: test 204417 on node 312 in AS 4837, without an error. */
export const dnsPush = goldenPush('dns').toString();

export const defaultSlices: SliceOptions = {
  prefix: 'catchpoint',
  resolution: 's',
  rtt: 'by-type',
  slices: dimensions,
};
