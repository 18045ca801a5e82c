// Checks the expiry of Catchpoint's API key, and that pushes need authentication.

import { stat } from 'node:fs/promises';
import type { ConfigRead } from '../../config/config.ts';
import { type CheckContext, fault, type Finding, notChecked, ok, warning } from './finding.ts';

const dayMs = 86_400_000;
/** Catchpoint's default for keys of version 2; a key may also be made for less. */
const maxKeyDays = 730;
const warnBelowDays = 30;
const renewal =
  "make a second key in Catchpoint's portal (two may be valid at once), write it into the file, and the bridge takes it without a restart";

export async function keyCheck({ config, origins }: ConfigRead, { clock }: CheckContext): Promise<Finding[]> {
  const { apiKey, key, nodesFile } = config.catchpoint;
  if (nodesFile !== undefined || !config.takesCatchpoint) return [];
  if (apiKey === undefined && key === undefined) {
    const advice = 'give --key and --secret, --api-key, or --nodes-file';
    return [fault('Catchpoint', 'there is nowhere to get the nodes from', 78, advice)];
  }
  if (apiKey === undefined)
    return [notChecked('Catchpoint key', 'version 1 does not tell how long key and secret hold')];
  const nowMs = clock.now();
  const expiresAtMs = expiryOf(apiKey);
  if (expiresAtMs !== undefined) return [judge((expiresAtMs - nowMs) / dayMs, 'the key holds')];
  const path = origins.find(({ name, origin }) => name === 'api-key-file' && origin !== 'default')?.value;
  const stats = path === undefined ? undefined : await stat(path).catch(() => undefined);
  if (stats === undefined)
    return [notChecked('Catchpoint key', 'a key of version 2 holds two years at most; since when is not known here')];
  return [judge(maxKeyDays - (nowMs - stats.mtimeMs) / dayMs, 'by the age of its file the key holds at most')];
}

function judge(daysLeft: number, prefix: string): Finding {
  if (daysLeft < 0) return warning('Catchpoint key', 'the key should not hold any more', renewal);
  const words = `${prefix} ${Math.floor(daysLeft)} days more`;
  return daysLeft < warnBelowDays ? warning('Catchpoint key', words, renewal) : ok('Catchpoint key', words);
}

/** The `exp` claim of a JSON Web Token (RFC 7519) in ms since 1970 UTC; undefined for other keys. */
function expiryOf(key: string): number | undefined {
  const [, claims = '', signature] = key.split('.');
  if (signature === undefined) return undefined;
  try {
    const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

/** The settings by which pushes are authenticated. */
const authentication = ['push-token', 'push-token-file', 'rotation-secret', 'rotation-secret-file', 'tls-client-ca'];

export async function authenticationCheck({ config, origins }: ConfigRead): Promise<Finding[]> {
  if (!config.takesCatchpoint) return [];
  const names = origins
    .filter(({ name, origin }) => authentication.includes(name) && origin !== 'default')
    .map(({ name }) => name);
  if (names.length > 0) return [ok('who may push', `whoever has what ${names.join(' and ')} ask for`)];
  const advice = "set a token, or let nobody but Catchpoint's nodes reach the port";
  return [warning('who may push', 'everybody who knows the address', advice)];
}
