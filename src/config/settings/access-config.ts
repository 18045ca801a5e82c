// Who may push, as the settings say it.

import { tokensOfFile, tokenText } from '../../auth/tokens/token-syntax.ts';
import { type Fault, faultAt, type ResolvedSettings } from './origins.ts';
import type { SettingValues } from './settings.ts';

/** What openAccess in access/access.ts is given. */
export interface AccessConfig {
  readonly tokens: readonly string[];
  readonly tokenFiles: readonly string[];
  readonly rotationSecret: string | undefined;
  readonly checkSender: SettingValues['checkSender'];
  /** Addresses and networks. */
  readonly trustedProxies: readonly string[];
  readonly divisions: readonly number[];
  readonly clients: readonly number[];
  readonly tls:
    | { readonly certFile: string; readonly keyFile: string; readonly clientCaFile: string | undefined }
    | undefined;
  readonly limits: {
    readonly maxConnections: number;
    readonly maxConnectionsPerAddress: number;
    readonly maxRequests: number;
    readonly maxArrivingBytes: number;
  };
}

export function accessConfig(values: SettingValues, rotationSecret: string | undefined): AccessConfig {
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
 * What is wrong with the files of tokens, and with a certificate that comes without its key.
 *
 * @param readFile - throws the system's error
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
  const isGiven = (key: 'tlsCert' | 'tlsKey' | 'tlsClientCa'): boolean => origins[key].rank > 0;
  if (isGiven('tlsCert') && !isGiven('tlsKey'))
    faults.push(faultAt(origins.tlsCert, 'expected --tls-key with it, found none'));
  if (isGiven('tlsKey') && !isGiven('tlsCert'))
    faults.push(faultAt(origins.tlsKey, 'expected --tls-cert with it, found none'));
  if (isGiven('tlsClientCa') && !isGiven('tlsCert'))
    faults.push(faultAt(origins.tlsClientCa, 'expected --tls-cert with it, found none'));
  return faults;
}
