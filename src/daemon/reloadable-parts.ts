// The parts of the bridge that take changes of the configuration while it runs, and the settings that each of them takes.

import { join } from 'node:path';
import type { AccessControl } from '../auth/access-control.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../runtime/log.ts';
import type { Outlets } from '../outlet/outlets.ts';
import type { ReloadablePart } from '../config/reload.ts';
import type { SettingKey } from '../config/settings/settings.ts';
import type { Sources } from './sources.ts';
import type { Spool } from '../spool/spool.ts';
import { defaultMaxBytes } from '../spool/disk/default-max-bytes.ts';
import type { WorkerPool } from '../workers/worker-pool.ts';

/** By the part that takes them; every other setting needs a restart. */
export const reloadableSettings = {
  log: ['logLevel'],
  openTsdb: ['tsdbHost', 'tsdbPort', 'put', 'putMaxBytes', 'assignUids', 'tsdbHeader', 'tsdbCa'],
  access: [
    ...([
      'pushToken',
      'pushTokenFile',
      'rotationSecret',
      'rotationSecretFile',
      'checkSender',
      'trustedProxies',
      'allowDivision',
      'allowClient',
    ] as const),
    ...(['maxConnections', 'maxConnectionsPerAddress', 'maxRequests', 'maxArrivingBytes'] as const),
  ],
  push: ['maxBodyBytes', 'metricPrefix', 'rtt', 'slices', 'timings', 'testAsTag', 'testNameTag', 'labelTags'],
  cardinality: ['maxTests', 'maxNodes', 'maxTagValues'],
  nodes: ['key', 'keyFile', 'secret', 'secretFile', 'apiKey', 'apiKeyFile', 'catchpointUrl', 'nodesFile'],
  overrides: ['nodeOverrides'],
  refreshes: ['refreshHours'],
  spool: ['spoolMaxBytes'],
} as const satisfies Readonly<Record<string, readonly SettingKey[]>>;

/** What workers have to know of what others take. */
const workersSettings: readonly SettingKey[] = [
  ...reloadableSettings.log,
  ...reloadableSettings.access,
  'maxBodyBytes',
];

export interface ReloadablePartsOptions {
  readonly log: Log;
  readonly outlets: Pick<Outlets, 'prepare'>;
  readonly access: Pick<AccessControl, 'prepare' | 'reload'>;
  /** Undefined: there are no workers. */
  readonly crew?: Pick<WorkerPool, 'instruct' | 'settled'> | undefined;
  readonly sources: Pick<Sources, 'prepare' | 'prepareOverrides'>;
  readonly spool: Pick<Spool, 'setMaxBytes'>;
  readonly stateDir: string;
}

export function reloadableParts({
  log,
  outlets,
  access,
  crew,
  sources,
  spool,
  stateDir,
}: ReloadablePartsOptions): readonly ReloadablePart[] {
  return [
    { settings: reloadableSettings.log, prepare: (next) => () => void (log.level = next.log.level) },
    { settings: reloadableSettings.openTsdb, prepare: (next) => outlets.prepare(next) },
    { settings: reloadableSettings.access, prepare: (next) => access.prepare(next.access), reread: access.reload },
    { settings: reloadableSettings.push, prepare: (next) => sources.prepare({ push: pushOf(next) }) },
    { settings: reloadableSettings.cardinality, prepare: ({ cardinality }) => sources.prepare({ cardinality }) },
    { settings: reloadableSettings.nodes, prepare: ({ catchpoint: api }) => sources.prepare({ api }) },
    {
      settings: reloadableSettings.overrides,
      prepare: ({ catchpoint: { nodeOverrides } }) => sources.prepareOverrides(nodeOverrides),
    },
    {
      settings: reloadableSettings.refreshes,
      prepare: ({ catchpoint: { refreshHours } }) => sources.prepare({ refreshHours }),
    },
    {
      settings: reloadableSettings.spool,
      async prepare({ spoolMaxBytes }) {
        const maxBytes = spoolMaxBytes ?? (await defaultMaxBytes(join(stateDir, 'spool')));
        return () => spool.setMaxBytes(maxBytes);
      },
    },
    // The last: workers are told what the owner has put into effect.
    ...(crew === undefined
      ? []
      : [{ settings: workersSettings, prepare: (next: Config) => () => crew.instruct(next), reread: crew.settled }]),
  ];
}

function pushOf({ maxBodyBytes, metrics }: Config) {
  const { prefix, rtt, slices, timings, ...tags } = metrics;
  const { testAsTag = false, testNameTag = false, labelTags = [] } = tags;
  return { maxBodyBytes, timings, slices: { prefix, rtt, slices, testAsTag, testNameTag, labelTags } };
}
