// The configuration of access control.

import type { AccessOptions } from '../../auth/access-policy.ts';
import { tokensOfFile, tokenText } from '../../auth/tokens/token-syntax.ts';
import { nameOf } from './names.ts';
import { type Fault, faultAt, type ResolvedSettings } from './origins.ts';
import type { SettingValues } from './settings.ts';

export function accessConfig(values: SettingValues, rotationSecret: string | undefined): AccessOptions {
  const { tlsCert, tlsKey, tlsClientCa } = values;
  const { maxConnections, maxConnectionsPerAddress, maxRequests, maxArrivingBytes } = values;
  return {
    tokens: values.pushToken,
    tokenFiles: values.pushTokenFile,
    rotationSecret,
    checkSender: values.checkSender,
    trustedProxies: values.trustedProxies,
    divisions: values.allowDivision,
    clients: values.allowClient,
    tls:
      tlsCert === undefined || tlsKey === undefined
        ? undefined
        : { certFile: tlsCert, keyFile: tlsKey, clientCaFile: tlsClientCa },
    limits: { maxConnections, maxConnectionsPerAddress, maxRequests, maxArrivingBytes },
  };
}

/**
 * Checks the token files, the rotation secret and the TLS files.
 *
 * @param readFile - throws the error of the system
 */
export function accessFaults(
  { values, origins }: ResolvedSettings,
  rotationSecret: string | undefined,
  readFile: (path: string) => string,
): Fault[] {
  const faults: Fault[] = [];
  for (const path of values.pushTokenFile ?? []) {
    try {
      tokensOfFile(readFile(path));
    } catch (error) {
      faults.push(faultAt(origins.pushTokenFile, `${path}: ${(error as Error).message}`));
    }
  }
  if (rotationSecret !== undefined) {
    try {
      tokenText(rotationSecret);
    } catch (error) {
      faults.push(faultAt(origins.rotationSecretFile, (error as Error).message));
    }
  }
  for (const [given, needed] of [
    ['tlsCert', 'tlsKey'],
    ['tlsKey', 'tlsCert'],
    ['tlsClientCa', 'tlsCert'],
  ] as const) {
    if (origins[given].rank > 0 && origins[needed].rank === 0)
      faults.push(faultAt(origins[given], `expected --${nameOf(needed)} with it, found none`));
  }
  return faults;
}
