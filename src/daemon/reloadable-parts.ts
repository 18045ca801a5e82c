// The parts that apply changed settings while the bridge runs. A change of any other setting needs a restart.

import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Log } from '../runtime/log.ts';
import type { ReloadablePart } from '../config/reload.ts';
import type { SettingKey } from '../config/settings/settings.ts';
import type { CatchpointChanges } from '../sources/catchpoint/catchpoint.ts';
import { defaultMaxBytes } from '../spool/disk/default-max-bytes.ts';
import type { Parts } from './parts.ts';

const tokenSettings = ['pushToken', 'pushTokenFile', 'rotationSecret', 'rotationSecretFile'] as const;
const senderSettings = ['checkSender', 'trustedProxies', 'allowDivision', 'allowClient'] as const;
const limitSettings = ['maxConnections', 'maxConnectionsPerAddress', 'maxRequests', 'maxArrivingBytes'] as const;

/** The settings that change without a restart, by the part that takes them. */
export const reloadableSettings = {
  log: ['logLevel'],
  openTsdb: ['tsdbHost', 'tsdbPort', 'put', 'putMaxBytes', 'assignUids', 'tsdbHeader', 'tsdbCa'],
  access: [...tokenSettings, ...senderSettings, ...limitSettings],
  push: ['maxBodyBytes', 'metricPrefix', 'rtt', 'slices', 'timings', 'testAsTag', 'testNameTag', 'labelTags'],
  cardinality: ['maxTests', 'maxNodes', 'maxTagValues'],
  nodes: ['key', 'keyFile', 'secret', 'secretFile', 'apiKey', 'apiKeyFile', 'catchpointUrl', 'nodesFile'],
  overrides: ['nodeOverrides'],
  refreshes: ['refreshHours'],
  spool: ['spoolMaxBytes'],
} as const satisfies Readonly<Record<string, readonly SettingKey[]>>;

/** The reloadable settings that workers use as well. */
const workerSettings: readonly SettingKey[] = [...reloadableSettings.log, ...reloadableSettings.access, 'maxBodyBytes'];

/** A change of a source that is off takes effect by doing nothing. */
const noEffect = (): void => {};

export function reloadableParts(
  { outlets, access, workerPool, catchpoint, spool }: Omit<Parts, 'snapshot'>,
  stateDir: string,
  log: Log,
): readonly ReloadablePart[] {
  const prepareSource = (changes: CatchpointChanges): (() => void) => catchpoint?.prepare(changes) ?? noEffect;
  return [
    { settings: reloadableSettings.log, prepare: (next) => () => void (log.level = next.log.level) },
    { settings: reloadableSettings.openTsdb, prepare: outlets.prepare },
    { settings: reloadableSettings.access, prepare: (next) => access.prepare(next.access), reread: access.reload },
    { settings: reloadableSettings.push, prepare: (next) => prepareSource({ push: pushChanges(next) }) },
    { settings: reloadableSettings.cardinality, prepare: ({ cardinality }) => prepareSource({ cardinality }) },
    { settings: reloadableSettings.nodes, prepare: (next) => prepareSource({ api: next.catchpoint }) },
    {
      settings: reloadableSettings.overrides,
      prepare: (next) => catchpoint?.prepareOverrides(next.catchpoint.nodeOverrides) ?? noEffect,
    },
    {
      settings: reloadableSettings.refreshes,
      prepare: (next) => prepareSource({ refreshHours: next.catchpoint.refreshHours }),
    },
    {
      settings: reloadableSettings.spool,
      async prepare({ spoolMaxBytes }) {
        const maxBytes = spoolMaxBytes ?? (await defaultMaxBytes(join(stateDir, 'spool')));
        return () => spool.setMaxBytes(maxBytes);
      },
    },
    // Runs last: workers receive the settings that are in effect in this process.
    ...(workerPool === undefined
      ? []
      : [
          {
            settings: workerSettings,
            prepare: (next: Config) => () => workerPool.configure(next),
            reread: workerPool.applied,
          },
        ]),
  ];
}

function pushChanges({ maxBodyBytes, metrics }: Config) {
  const { prefix, rtt, slices, timings, testAsTag = false, testNameTag = false, labelTags = [] } = metrics;
  return { maxBodyBytes, timings, slices: { prefix, rtt, slices, testAsTag, testNameTag, labelTags } };
}
