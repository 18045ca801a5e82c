// How long Catchpoint's credentials hold, as far as that can be known, and whether the push URL is open to everybody.

import { stat } from 'node:fs/promises';
import type { ConfigRead } from '../../config/config.ts';
import { doubtful, faulty, fine, type Finding, unexamined } from '../probes/finding.ts';

const dayMs = 86_400_000;
/** Keys of version 2 are valid for two years, or for less if somebody has said so. */
const keyDays = 730;
const soonDays = 30;
const renewal =
  "make a second key in Catchpoint's portal (two may be valid at once), write it into the file, and the bridge takes it without a restart";

export async function keyCheck({ config, origins }: ConfigRead, nowMs: number): Promise<Finding[]> {
  const { apiKey, key, nodesFile } = config.catchpoint;
  if (nodesFile !== undefined) return [];
  if (apiKey === undefined && key === undefined) {
    return [
      faulty(
        'Catchpoint',
        'there is nowhere to get the nodes from',
        78,
        'give --key and --secret, --api-key, or --nodes-file',
      ),
    ];
  }
  if (apiKey === undefined)
    return [unexamined('Catchpoint key', 'version 1 does not tell how long key and secret hold')];
  const endMs = endOf(apiKey);
  if (endMs !== undefined) return [judged((endMs - nowMs) / dayMs, 'the key holds')];
  const path = origins.find(({ name, origin }) => name === 'api-key-file' && origin !== 'default')?.value;
  const writtenMs =
    path === undefined
      ? undefined
      : await stat(path).then(
          ({ mtimeMs }) => mtimeMs,
          () => undefined,
        );
  if (writtenMs === undefined)
    return [unexamined('Catchpoint key', 'a key of version 2 holds two years at most; since when is not known here')];
  return [judged(keyDays - (nowMs - writtenMs) / dayMs, 'by the age of its file the key holds at most')];
}

function judged(days: number, words: string): Finding {
  const found = `${words} ${Math.floor(days)} days more`;
  if (days < 0) return doubtful('Catchpoint key', 'the key should not hold any more', renewal);
  return days < soonDays ? doubtful('Catchpoint key', found, renewal) : fine('Catchpoint key', found);
}

/** The end that a JSON Web Token tells (RFC 7519), in ms since 1970 UTC; other keys tell none. */
function endOf(key: string): number | undefined {
  const [, claims = '', signature] = key.split('.');
  if (signature === undefined) return undefined;
  try {
    const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

/** What keeps strangers from pushing. */
const locks = ['push-token', 'push-token-file', 'rotation-secret', 'rotation-secret-file', 'tls-client-ca'];

export function tokenCheck({ origins }: ConfigRead): Finding[] {
  const set = origins
    .filter(({ name, origin }) => locks.includes(name) && origin !== 'default')
    .map(({ name }) => name);
  if (set.length > 0) return [fine('who may push', `whoever has what ${set.join(' and ')} ask for`)];
  return [
    doubtful(
      'who may push',
      'everybody who knows the address',
      "set a token, or let nobody but Catchpoint's nodes reach the port",
    ),
  ];
}
