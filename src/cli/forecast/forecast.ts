// The `forecast` command: how many series, names and points a second there will be, from numbers, from archived pushes, or from
// what the bridge knows already.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FixedOffsetZone } from 'luxon';
import type { Config } from '../../config/config.ts';
import { silentLog } from '../../runtime/log.ts';
import { countedRuns } from '../../sources/catchpoint/forecast/counted-runs.ts';
import { expectedForecast, warningsOf } from '../../sources/catchpoint/forecast/forecast.ts';
import { readKnownNames } from '../../sources/catchpoint/cardinality/known-names.ts';
import { NotAPush } from '../../sources/catchpoint/measurement.ts';
import { knownNodes } from '../../sources/catchpoint/nodes/known-nodes.ts';
import { readOverrides } from '../../sources/catchpoint/nodes/overrides-file.ts';
import { replayedRun } from '../../sources/catchpoint/replay/replayed-run.ts';
import { tagsWithinBudget, wantedLabels } from '../../sources/catchpoint/run-tags.ts';
import { type OverrideOf, slicer, tagValuesOf } from '../../sources/catchpoint/slices.ts';
import type { Told } from './forecast-text.ts';
import { inputs } from '../replay/inputs.ts';
import type { CommandContext } from '../command-context.ts';

export interface ForecastFlags {
  readonly tests?: number;
  readonly nodes?: number;
  readonly every: number;
  readonly errors: number;
  readonly extras: number;
  readonly json?: boolean;
}

class NothingToForecast extends Error {
  override readonly name = 'NothingToForecast';
  readonly exitCode = 64;
}

/**
 * The forecast that was asked for.
 *
 * @throws an error with exit code 64 when there is nothing to forecast from, and what reading the files throws
 */
export async function told(
  config: Config,
  flags: ForecastFlags,
  files: readonly string[],
  surroundings: Pick<CommandContext, 'stdin' | 'stderr' | 'stop'>,
): Promise<Told> {
  if ((flags.tests === undefined) !== (flags.nodes === undefined))
    throw new NothingToForecast('expected --tests and --nodes together, found one of them');
  if (flags.tests !== undefined && flags.nodes !== undefined)
    return fromNumbers(config, flags, flags.tests, flags.nodes);
  const archived = files.length > 0 ? files : await archiveFiles(config);
  return archived.length > 0 ? fromArchive(config, archived, surroundings) : fromKnown(config, flags);
}

function withWarnings(config: Config, told: Omit<Told, 'warnings'>): Told {
  const { dropped } = tagsWithinBudget(config.metrics);
  return {
    ...told,
    warnings: warningsOf(told.forecast, { maxTests: config.cardinality.maxTests, droppedTags: dropped }),
  };
}

function fromNumbers(config: Config, { every, errors, extras }: ForecastFlags, tests: number, nodes: number): Told {
  const { slices, timings } = config.metrics;
  const forecast = expectedForecast({
    ...config.metrics,
    tests,
    nodes,
    slicesOfNodes: nodes * slices.length,
    sliceValues: nodes * slices.filter((slice) => slice !== 'node').length,
    everyMinutes: every,
    errorCodes: errors,
    extras: timings ? extras : 0,
  });
  return withWarnings(config, {
    from: `${tests} tests on ${nodes} nodes, every ${every} minutes`,
    isCounted: false,
    forecast,
  });
}

async function overridesIn({ catchpoint: { nodeOverrides } }: Config): Promise<OverrideOf> {
  const overrides = nodeOverrides === undefined ? undefined : await readOverrides(nodeOverrides);
  return (id) => overrides?.get(id);
}

/** Every test that the guard knows, on every node that is known. */
async function fromKnown(config: Config, { every, errors, extras }: ForecastFlags): Promise<Told> {
  const { stateDir, metrics, catchpoint } = config;
  const [known, directory, overrideOf] = await Promise.all([
    readKnownNames(stateDir),
    knownNodes(stateDir, catchpoint.nodesFile, silentLog()),
    overridesIn(config),
  ]);
  const listed = directory.all().filter(({ active, retiredAtMs }) => active && retiredAtMs === undefined);
  const others = [...known.all('node')].filter((id) => directory.find(Number(id)) === undefined).length;
  const tests = known.count('test');
  if (tests === 0 || listed.length + others === 0) {
    const words = tests === 0 ? 'no test has been seen' : 'no node is known';
    throw new NothingToForecast(`${stateDir}: ${words} yet; give --tests and --nodes, or archives of pushes`);
  }
  const values = listed.map((node) => Object.values(tagValuesOf(node, overrideOf(node.id), metrics.slices)));
  const byNode = metrics.slices.includes('node') ? listed.length + others : 0;
  const forecast = expectedForecast({
    ...metrics,
    tests,
    nodes: listed.length + others,
    slicesOfNodes: values.flat().length + byNode,
    sliceValues: new Set(values.flat()).size,
    everyMinutes: every,
    errorCodes: errors,
    extras: metrics.timings ? extras : 0,
  });
  const from = `the ${tests} tests seen so far, each on all ${listed.length + others} nodes that are known, every ${every} minutes`;
  return withWarnings(config, { from, isCounted: false, forecast });
}

async function archiveFiles({ archive }: Config): Promise<string[]> {
  if (archive === undefined) return [];
  const names = await readdir(archive.directory).catch(() => []);
  return names
    .filter((name) => name.endsWith('.ndjson.gz'))
    .toSorted()
    .map((name) => join(archive.directory, name));
}

async function fromArchive(
  config: Config,
  files: readonly string[],
  { stdin, stderr, stop }: Pick<CommandContext, 'stdin' | 'stderr' | 'stop'>,
): Promise<Told> {
  const { metrics, stateDir, catchpoint } = config;
  const directory = await knownNodes(stateDir, catchpoint.nodesFile, silentLog());
  const counted = countedRuns(slicer(metrics, await overridesIn(config)), metrics.prefix);
  const given = await inputs(files, stdin);
  // The times of the original's records are off by a zone, all of them alike: nothing that is counted here shows it.
  const reading = { extras: metrics.timings, labels: wantedLabels(metrics), writtenIn: FixedOffsetZone.utcInstance };
  let malformed = 0;
  for await (const { text } of given.lines((words) => void stderr.write(`warning: ${words}\n`), stop)) {
    stop.throwIfAborted();
    try {
      const { measurement, node } = replayedRun(text, reading);
      counted.add(measurement, node ?? directory.find(measurement.nodeId));
    } catch (error) {
      if (!(error instanceof NotAPush)) throw error;
      malformed += 1;
    }
  }
  if (malformed > 0) stderr.write(`warning: ${malformed} lines hold no push\n`);
  if (directory.all().length === 0)
    stderr.write(
      'warning: no nodes are known here, so that only by_node and by_asn are counted; --state-dir or --nodes-file has them\n',
    );
  if (counted.runs() === 0) throw new NothingToForecast(`${files.join(', ')}: no pushes in there`);
  return withWarnings(config, {
    from: `${counted.runs()} runs in ${files.length} file${files.length === 1 ? '' : 's'}`,
    isCounted: true,
    forecast: counted.forecast(),
  });
}
