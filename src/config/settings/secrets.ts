// The credentials: given as they are or in files of their own, in pairs that belong together, and not on the command line
// if it can be helped.

import { environmentNameOf, nameOf } from './names.ts';
import { type Fault, faultAt, type ResolvedSettings } from './origins.ts';
import { secret } from './values.ts';

type SecretKey = 'key' | 'secret' | 'apiKey' | 'rotationSecret';
interface SecretsRead {
  readonly found: Secrets;
  readonly faults: readonly Fault[];
}

type Secrets = { readonly [K in SecretKey]: string | undefined };

const credentialKeys: readonly SecretKey[] = ['key', 'secret', 'apiKey'];
const secretKeys: readonly SecretKey[] = [...credentialKeys, 'rotationSecret'];

/**
 * The secrets themselves, those in files read.
 *
 * @param readFile - throws the system's error
 */
export function readSecrets(settled: ResolvedSettings, readFile: (path: string) => string): SecretsRead {
  const faults: Fault[] = [];
  const found = { key: undefined, secret: undefined, apiKey: undefined, rotationSecret: undefined } as Record<
    SecretKey,
    string | undefined
  >;
  for (const key of secretKeys) {
    const own = settled.origins[key];
    const ofFile = settled.origins[`${key}File`];
    const path = settled.values[`${key}File`];
    if (own.rank === ofFile.rank && own.rank > 0) {
      faults.push(faultAt(ofFile, `expected one of ${nameOf(key)} and ${nameOf(key)}-file, found both`));
    } else if (ofFile.rank > own.rank && path !== undefined) {
      try {
        found[key] = secret(readFile(path));
      } catch (error) {
        faults.push(faultAt(ofFile, `${path}: ${(error as Error).message}`));
      }
    } else {
      found[key] = settled.values[key];
    }
  }
  return { found, faults };
}

/** Key and secret belong together. */
export function incompletePairs(settled: ResolvedSettings): Fault[] {
  return (
    [
      ['key', 'secret'],
      ['secret', 'key'],
    ] as const
  ).flatMap(([given, absent]) => {
    const at = originOf(settled, given);
    if (at.rank === 0 || originOf(settled, absent).rank > 0) return [];
    return [
      faultAt(
        at,
        `expected a ${absent} with it (--${absent}, --${absent}-file or ${environmentNameOf(absent)}), found none`,
      ),
    ];
  });
}

/** Whether there is somewhere to get the nodes from. */
export function hasCredentials(settled: ResolvedSettings): boolean {
  return settled.origins.nodesFile.rank > 0 || credentialKeys.some((key) => originOf(settled, key).rank > 0);
}

/** There must be somewhere to get the nodes from. */
export function missingCredentials(settled: ResolvedSettings): Fault[] {
  const wanted = "--key and --secret (Catchpoint's REST API v1), --api-key (v2) or --nodes-file (no account)";
  return hasCredentials(settled) ? [] : [{ text: `credentials: expected ${wanted}, found none of them`, exitCode: 64 }];
}

/** What everybody on the machine can read in the process list, in words. */
export function visibleSecrets({ origins, texts }: ResolvedSettings): string[] {
  const visible = ([...secretKeys, 'pushToken'] as const)
    .filter((key) => origins[key].rank === 3)
    .map(
      (key) => `--${nameOf(key)}: visible in the process list; use --${nameOf(key)}-file or ${environmentNameOf(key)}`,
    );
  if (origins.tsdbHost.rank === 3 && texts.tsdbHost.some((text) => text.includes('@'))) {
    const better = `${environmentNameOf('tsdbHost')} or a configuration file`;
    visible.push(`--tsdb-host: its password is visible in the process list; use ${better}`);
  }
  if (
    origins.tsdbHeader.rank === 3 &&
    texts.tsdbHeader.some((text) => /^[^:]*(auth|cookie|key|secret|token)/i.test(text))
  ) {
    visible.push(
      `--tsdb-header: visible in the process list; use ${environmentNameOf('tsdbHeader')} or a configuration file`,
    );
  }
  for (const key of ['backstopAuth', 'backstopKey', 'githubSecret', 'pagerdutySecret'] as const) {
    if (origins[key].rank === 3)
      visible.push(
        `--${nameOf(key)}: visible in the process list; use ${environmentNameOf(key)} or a configuration file`,
      );
  }
  return visible;
}

/** Where a secret was given, by itself or as a file. */
function originOf({ origins }: ResolvedSettings, key: SecretKey): ResolvedSettings['origins'][SecretKey] {
  const own = origins[key];
  const ofFile = origins[`${key}File`];
  return ofFile.rank > own.rank ? ofFile : own;
}
