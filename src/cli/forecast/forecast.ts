// `forecast`: estimates series, names and rates from numbers, from archived pushes or from the state directory.

import type { Command } from 'commander';
import { FixedOffsetZone } from 'luxon';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { wholeNumber } from '../../config/settings/values.ts';
import { silentLog } from '../../runtime/log.ts';
import { readKnownNames } from '../../sources/catchpoint/cardinality/known-names.ts';
import { countedRuns } from '../../sources/catchpoint/forecast/counted-runs.ts';
import { expectedForecast, type Forecast, warningsOf } from '../../sources/catchpoint/forecast/forecast.ts';
import { NotAPush } from '../../sources/catchpoint/measurement.ts';
import { knownNodes } from '../../sources/catchpoint/nodes/known-nodes.ts';
import { readOverrides } from '../../sources/catchpoint/nodes/overrides-file.ts';
import { replayedRun } from '../../sources/catchpoint/replay/replayed-run.ts';
import { tagsWithinBudget, wantedLabels } from '../../sources/catchpoint/run-tags.ts';
import { type OverrideOf, slicer, tagValuesOf } from '../../sources/catchpoint/slices.ts';
import { argumentParser } from '../argument-parsers.ts';
import type { BindAction, CommandContext } from '../command-context.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import { commandConfig } from '../load-config.ts';
import { inputs } from '../replay/inputs.ts';
import { withSettings } from '../setting-options.ts';
import { type ForecastReport, forecastText } from './forecast-text.ts';

export function define(command: Command, bind: BindAction): void {
  const group = 'Forecast:';
  const add = (flags: string, text: string, max: number, defaultValue?: number): void => {
    const option = command
      .createOption(flags, text)
      .argParser(argumentParser(wholeNumber(1, max)))
      .helpGroup(group);
    command.addOption(defaultValue === undefined ? option : option.default(defaultValue));
  };
  withSettings(command)
    .description('how many series and points a second there will be')
    .argument(
      '[files...]',
      'count in these archives of pushes; without files, in --archive where there is one; - is standard input',
    );
  add('--tests <number>', 'how many tests; with --nodes, nothing is read', 1e9);
  add('--nodes <number>', 'how many nodes', 1e9);
  add('--every <minutes>', 'how often a test runs on a node', 1440, 5);
  add('--errors <number>', 'different error codes that a node sees of a test', 1000, 3);
  add('--extras <number>', 'timings, byte counts and counters of a run, with --timings', 1000, 40);
  command.addOption(command.createOption('--json', 'for programs').helpGroup(group)).action(bind(forecastAction));
}

async function forecastAction(command: Command, context: CommandContext): Promise<number> {
  const { config } = commandConfig(command, context);
  const { json = false, ...flags } = command.opts<ForecastFlags & { readonly json?: boolean }>();
  const report = await forecast(config, flags, command.args, context);
  context.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : forecastText(report));
  return 0;
}

export interface ForecastFlags {
  readonly tests?: number;
  readonly nodes?: number;
  /** Minutes between two runs of a test on a node. */
  readonly every: number;
  /** Error codes of a test on a node. */
  readonly errors: number;
  /** Timings and counters of a run. */
  readonly extras: number;
}

/**
 * Chooses the basis: --tests and --nodes, then `files`, then the configured archive, then the state directory.
 *
 * @throws CommandError without a basis, or for a file that cannot be read
 */
export async function forecast(
  config: Config,
  flags: ForecastFlags,
  files: readonly string[],
  context: Pick<CommandContext, 'stdin' | 'stderr' | 'stop'>,
): Promise<ForecastReport> {
  const { tests, nodes } = flags;
  if ((tests === undefined) !== (nodes === undefined))
    throw new CommandError('expected --tests and --nodes together, found one of them', exitCodes.usage);
  if (tests !== undefined && nodes !== undefined) return fromNumbers(config, flags, tests, nodes);
  const archives = files.length > 0 ? files : await archiveFiles(config);
  return archives.length > 0 ? fromArchives(config, archives, context) : fromStateDirectory(config, flags);
}

function report(
  { metrics, cardinality }: Config,
  from: string,
  isCounted: boolean,
  forecast: Forecast,
): ForecastReport {
  const { dropped } = tagsWithinBudget(metrics);
  const warnings = warningsOf(forecast, { maxTests: cardinality.maxTests, droppedTags: dropped });
  return { from, isCounted, forecast, warnings };
}

function fromNumbers(config: Config, flags: ForecastFlags, tests: number, nodes: number): ForecastReport {
  const { slices } = config.metrics;
  const forecast = expectedForecast({
    ...expectation(config, flags),
    tests,
    nodes,
    slicesOfNodes: nodes * slices.length,
    sliceValues: nodes * slices.filter((slice) => slice !== 'node').length,
  });
  return report(config, `${tests} tests on ${nodes} nodes, every ${flags.every} minutes`, false, forecast);
}

function expectation({ metrics }: Config, { every, errors, extras }: ForecastFlags) {
  return { ...metrics, everyMinutes: every, errorCodes: errors, extras: metrics.timings ? extras : 0 };
}

async function overridesIn({ catchpoint: { nodeOverrides } }: Config): Promise<OverrideOf> {
  const overrides = nodeOverrides === undefined ? undefined : await readOverrides(nodeOverrides);
  return (id) => overrides?.get(id);
}

/** Assumes that every test of the cardinality guard runs on every active node and on every other node it knows. */
async function fromStateDirectory(config: Config, flags: ForecastFlags): Promise<ForecastReport> {
  const { stateDir, metrics, catchpoint } = config;
  const [known, directory, overrideOf] = await Promise.all([
    readKnownNames(stateDir),
    knownNodes(stateDir, catchpoint.nodesFile, silentLog()),
    overridesIn(config),
  ]);
  const active = directory.all().filter(({ active, retiredAtMs }) => active && retiredAtMs === undefined);
  const unlisted = [...known.all('node')].filter((id) => directory.find(Number(id)) === undefined);
  const tests = known.count('test');
  const nodes = active.length + unlisted.length;
  if (tests === 0 || nodes === 0) {
    const reason = tests === 0 ? 'no test has been seen' : 'no node is known';
    throw new CommandError(
      `${stateDir}: ${reason} yet; give --tests and --nodes, or archives of pushes`,
      exitCodes.usage,
    );
  }
  const values = active.flatMap((node) => Object.values(tagValuesOf(node, overrideOf(node.id), metrics.slices)));
  const forecast = expectedForecast({
    ...expectation(config, flags),
    tests,
    nodes,
    slicesOfNodes: values.length + (metrics.slices.includes('node') ? nodes : 0),
    sliceValues: new Set(values).size,
  });
  const from = `the ${tests} tests seen so far, each on all ${nodes} nodes that are known, every ${flags.every} minutes`;
  return report(config, from, false, forecast);
}

async function archiveFiles({ archive }: Config): Promise<string[]> {
  if (archive === undefined) return [];
  const names = await readdir(archive.directory).catch(() => []);
  return names
    .filter((name) => name.endsWith('.ndjson.gz'))
    .toSorted()
    .map((name) => join(archive.directory, name));
}

async function fromArchives(
  config: Config,
  files: readonly string[],
  { stdin, stderr, stop }: Pick<CommandContext, 'stdin' | 'stderr' | 'stop'>,
): Promise<ForecastReport> {
  const { metrics, stateDir, catchpoint } = config;
  const directory = await knownNodes(stateDir, catchpoint.nodesFile, silentLog());
  const counted = countedRuns(slicer(metrics, await overridesIn(config)), metrics.prefix);
  const opened = await inputs(files, stdin);
  // A wrong zone shifts all records of the original bridge alike, which changes no count.
  const options = { extras: metrics.timings, labels: wantedLabels(metrics), writtenIn: FixedOffsetZone.utcInstance };
  let malformed = 0;
  for await (const { text } of opened.lines((reason) => stderr.write(`warning: ${reason}\n`), stop)) {
    stop.throwIfAborted();
    try {
      const { measurement, node } = replayedRun(text, options);
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
  if (counted.runs() === 0) throw new CommandError(`${files.join(', ')}: no pushes in there`, exitCodes.usage);
  const from = `${counted.runs()} runs in ${files.length} file${files.length === 1 ? '' : 's'}`;
  return report(config, from, true, counted.forecast());
}
