// Reads credentials from settings or from their files, checks them for completeness, and warns of those in flags.

import { environmentNameOf, nameOf } from './names.ts';
import { type Fault, faultAt, type Origin, type ResolvedSettings } from './origins.ts';
import type { SettingKey } from './settings.ts';
import { secret } from './values.ts';

const credentialKeys = ['key', 'secret', 'apiKey'] as const;
const secretKeys = [...credentialKeys, 'rotationSecret'] as const;
type SecretKey = (typeof secretKeys)[number];
type Secrets = { readonly [Key in SecretKey]: string | undefined };

/**
 * Reads the secrets that are in files. Of a secret and its file the one with the higher origin wins.
 *
 * @param readFile - throws the error of the system
 */
export function readSecrets(
  { values, origins }: ResolvedSettings,
  readFile: (path: string) => string,
): { readonly found: Secrets; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const found: Partial<Record<SecretKey, string | undefined>> = {};
  for (const key of secretKeys) {
    const given = origins[key];
    const inFile = origins[`${key}File`];
    const path = values[`${key}File`];
    if (given.rank === inFile.rank && given.rank > 0) {
      faults.push(faultAt(inFile, `expected one of ${nameOf(key)} and ${nameOf(key)}-file, found both`));
    } else if (inFile.rank > given.rank && path !== undefined) {
      try {
        found[key] = secret(readFile(path));
      } catch (error) {
        faults.push(faultAt(inFile, `${path}: ${(error as Error).message}`));
      }
    } else {
      found[key] = values[key];
    }
  }
  const { key, secret: secretText, apiKey, rotationSecret } = found;
  return { found: { key, secret: secretText, apiKey, rotationSecret }, faults };
}

/** API v1 needs both key and secret. */
export function incompletePairs(resolved: ResolvedSettings): Fault[] {
  const pairs = [
    ['key', 'secret'],
    ['secret', 'key'],
  ] as const;
  return pairs
    .filter(([given, missing]) => originOf(resolved, given).rank > 0 && originOf(resolved, missing).rank === 0)
    .map(([given, missing]) =>
      faultAt(
        originOf(resolved, given),
        `expected a ${missing} with it (--${missing}, --${missing}-file or ${environmentNameOf(missing)}), found none`,
      ),
    );
}

/** Reports whether the node directory has a source: an API or a file. */
export function hasCredentials(resolved: ResolvedSettings): boolean {
  return resolved.origins.nodesFile.rank > 0 || credentialKeys.some((key) => originOf(resolved, key).rank > 0);
}

export function missingCredentials(resolved: ResolvedSettings): Fault[] {
  const wanted = "--key and --secret (Catchpoint's REST API v1), --api-key (v2) or --nodes-file (no account)";
  const withoutCatchpoint = resolved.texts.docker.length === 0 ? '' : ', or --no-catchpoint to run Docker alone';
  return hasCredentials(resolved)
    ? []
    : [{ text: `credentials: expected ${wanted}${withoutCatchpoint}, found none of them`, exitCode: 64 }];
}

/** Warnings for secrets in flags: every user of the machine can read them in the process list. */
export function visibleSecrets({ origins, texts }: ResolvedSettings): string[] {
  const isFlag = (key: SettingKey): boolean => origins[key].rank === 3;
  const inFile = (key: SettingKey): string =>
    `--${nameOf(key)}: visible in the process list; use --${nameOf(key)}-file or ${environmentNameOf(key)}`;
  const inVariable = (key: SettingKey, what = 'visible'): string =>
    `${origins[key].where}: ${what} in the process list; use ${environmentNameOf(key)} or a configuration file`;
  const urls = ['tsdbHost', 'backstopSink', 'docker'] as const;
  const hasPassword = (key: SettingKey): boolean => texts[key].some((text) => text.includes('@'));
  const hasSecretHeader = texts.tsdbHeader.some((text) => /^[^:]*(auth|cookie|key|secret|token)/i.test(text));
  const backstopSecrets = ['backstopAuth', 'backstopKey', 'githubSecret', 'pagerdutySecret'] as const;
  return [
    ...[...secretKeys, 'pushToken' as const].filter(isFlag).map(inFile),
    ...urls.filter((key) => isFlag(key) && hasPassword(key)).map((key) => inVariable(key, 'its password is visible')),
    ...(isFlag('tsdbHeader') && hasSecretHeader ? [inVariable('tsdbHeader')] : []),
    ...backstopSecrets.filter(isFlag).map((key) => inVariable(key)),
  ];
}

/** The origin of a secret, or that of its file if it is higher. */
function originOf({ origins }: ResolvedSettings, key: SecretKey): Origin {
  const inFile = origins[`${key}File`];
  return inFile.rank > origins[key].rank ? inFile : origins[key];
}
