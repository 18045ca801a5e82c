// The checks of `check` and `doctor`, in the order of their output.

import { lookup } from 'node:dns/promises';
import type { CommandContext } from '../command-context.ts';
import { catchpointCheck } from './catchpoint.ts';
import { certificateCheck } from './certificate.ts';
import { clockCheck } from './clock.ts';
import { overridesCheck, tokenFilesCheck } from './configured-files.ts';
import { authenticationCheck, keyCheck } from './credentials.ts';
import { directoriesCheck } from './directories.ts';
import { diskCheck } from './disk.ts';
import { dockerCheck } from './docker.ts';
import type { Check, CheckContext } from './finding.ts';
import { nameCheck } from './name-lookup.ts';
import { pushUrlCheck } from './push-url.ts';
import { backstopSinkCheck, graphiteCheck, tsdbCheck } from './sinks.ts';
import { nodesCheck, spoolCheck } from './storage.ts';
import { limitsCheck } from './tsdb-limits.ts';

/** The checks of everything that the configuration names. */
export const configChecks: readonly Check[] = [
  directoriesCheck,
  overridesCheck,
  tokenFilesCheck,
  certificateCheck,
  tsdbCheck,
  graphiteCheck,
  backstopSinkCheck,
  dockerCheck,
  catchpointCheck,
];

export const doctorChecks: readonly Check[] = [
  directoriesCheck,
  diskCheck,
  spoolCheck,
  clockCheck,
  nameCheck,
  tsdbCheck,
  graphiteCheck,
  backstopSinkCheck,
  limitsCheck,
  dockerCheck,
  catchpointCheck,
  keyCheck,
  nodesCheck,
  overridesCheck,
  authenticationCheck,
  tokenFilesCheck,
  certificateCheck,
  pushUrlCheck,
];

/** Its lookup resolves names as connections do. */
export function checkContext({ clock, random, pid, stop }: CommandContext, pushUrl?: string): CheckContext {
  const addressesOf = async (name: string): Promise<string[]> =>
    (await lookup(name, { all: true })).map(({ address }) => address);
  return { clock, random, pid, signal: stop, lookup: addressesOf, pushUrl };
}
