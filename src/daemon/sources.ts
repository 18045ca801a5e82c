// The sources that the configuration asks for, each with the address on which it listens: what they take is delivered to the spool.

import type Router from '@koa/router';
import type { AccessControl } from '../auth/access-control.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../runtime/log.ts';
import type { LetterRetry } from '../model/point.ts';
import type { ListenAddress } from '../config/settings/addresses.ts';
import type { Backstop } from '../sources/backstop/backstop.ts';
import { type Catchpoint, type CatchpointStatus, openCatchpoint } from '../sources/catchpoint/catchpoint.ts';
import { nodeDirectory } from '../sources/catchpoint/nodes/node.ts';
import type { Spool } from '../spool/spool.ts';
import type { PushHistory } from '../status/push-history.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

/** Of sources that are switched off nothing is said. */
export interface SourcesStatus extends Partial<CatchpointStatus> {
  readonly backstop?: ReturnType<Backstop['status']>;
}

/** What is served on one address. */
export interface SourceListener {
  readonly source: 'catchpoint' | 'backstop';
  readonly address: ListenAddress;
  readonly mount: (router: Router) => void;
}

export interface Sources {
  /** Catchpoint's first; one at least. */
  readonly doors: readonly SourceListener[];
  /** Takes Catchpoint's pushes that somebody else has read, and how they are to be read; undefined where Catchpoint is switched off. */
  readonly pushes: Pick<Catchpoint, 'intake' | 'reading'> | undefined;
  /** The nodes that pushes are joined with; none where Catchpoint is switched off. */
  readonly directory: Catchpoint['directory'];
  /** Returns what puts changes of Catchpoint's settings into effect. Throws when there is nowhere to get nodes from. */
  prepare(changes: Parameters<Catchpoint['prepare']>[0]): () => void;
  /** The same for the file of node overrides, read now. @throws WrongOverrides */
  prepareOverrides(path: string | undefined): Promise<() => void>;
  /** Undefined where Catchpoint is switched off. */
  catchpointStatus(): CatchpointStatus | undefined;
  /** Runs what the sources do by themselves until the signal. */
  run(signal: AbortSignal): Promise<void>;
  readonly retryLetter: LetterRetry;
  status(): SourcesStatus;
}

export interface SourcesOptions {
  readonly config: Config;
  readonly spool: Pick<Spool, 'append' | 'parking' | 'samples'>;
  readonly counters: Telemetry;
  /** Shown each push as it is answered. */
  readonly seen: Pick<PushHistory, 'see'>;
  readonly access: Pick<AccessControl, 'admit' | 'bodies'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Opens the sources. Rejects where a file that one of them needs cannot be read. */
export async function openSources(options: SourcesOptions): Promise<Sources> {
  const { config } = options;
  const catchpoint = config.takesCatchpoint ? await openCatchpoint(catchpointOptions(options)) : undefined;
  const backstop = config.backstop === undefined ? undefined : await backstopOf(config.backstop, options);
  return {
    doors: [
      ...(catchpoint === undefined
        ? []
        : [{ source: 'catchpoint' as const, address: config.listen, mount: catchpoint.mount }]),
      ...(backstop === undefined
        ? []
        : [{ source: 'backstop' as const, address: backstop.address, mount: backstop.mount }]),
    ],
    pushes: catchpoint,
    directory: catchpoint?.directory ?? nodeDirectory(),
    prepare: (changes) => catchpoint?.prepare(changes) ?? (() => {}),
    prepareOverrides: async (path) => (await catchpoint?.prepareOverrides(path)) ?? (() => {}),
    catchpointStatus: () => catchpoint?.status(),
    run: async (signal) => catchpoint?.run(signal),
    retryLetter: catchpoint?.retryLetter ?? (() => undefined),
    status: () => ({ ...catchpoint?.status(), ...(backstop !== undefined && { backstop: backstop.status() }) }),
  };
}

function catchpointOptions({
  config,
  spool,
  counters,
  seen,
  access,
  clock,
  random,
  log,
}: SourcesOptions): Parameters<typeof openCatchpoint>[0] {
  return {
    deliver: counters.source('catchpoint', spool.append),
    seen: seen.see,
    access,
    answered: counters.pushAnswered,
    refused: counters.pushRefused,
    parking: spool.parking,
    malformed: spool.samples.take,
    api: config.catchpoint,
    slices: config.metrics,
    timings: config.metrics.timings,
    cardinality: config.cardinality,
    maxBodyBytes: config.maxBodyBytes,
    archive: config.archive,
    stateDir: config.stateDir,
    clock,
    random,
    log,
  };
}

async function backstopOf(
  settled: NonNullable<Config['backstop']>,
  { config, spool, counters, clock, log }: SourcesOptions,
): Promise<Backstop & { address: ListenAddress }> {
  const { listen: address, typesFile, ...settings } = settled;
  const [{ openBackstop }, { readDataSets }] = await Promise.all([
    import('../sources/backstop/backstop.ts'),
    import('../sources/backstop/collectd/data-sets.ts'),
  ]);
  const source = openBackstop({
    ...settings,
    dataSets: await readDataSets(typesFile),
    unit: config.metrics.resolution,
    maxBodyBytes: config.maxBodyBytes,
    deliver: counters.source('backstop', spool.append),
    malformed: spool.samples.take,
    clock,
    log,
  });
  return { ...source, address };
}
