// The command line of `forecast`.

import { type Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from '../../config/settings/values.ts';
import type { ForecastFlags } from './forecast.ts';
import { loadedQuietly } from '../load-config.ts';
import { flagsOf } from '../setting-options.ts';
import type { Bound, CommandContext } from '../command-context.ts';

export function addForecast(command: Command, surroundings: CommandContext, bound: Bound): void {
  const group = 'Forecast:';
  const add = (flags: string, text: string, most: number, byDefault?: number): void => {
    const option = command
      .createOption(flags, text)
      .argParser((given) => valid(given, most))
      .helpGroup(group);
    command.addOption(byDefault === undefined ? option : option.default(byDefault));
  };
  command.argument(
    '[files...]',
    'count in these archives of pushes; without files, in --archive where there is one; - is standard input',
  );
  add('--tests <number>', 'how many tests; with --nodes, nothing is read', 1e9);
  add('--nodes <number>', 'how many nodes', 1e9);
  add('--every <minutes>', 'how often a test runs on a node', 1440, 5);
  add('--errors <number>', 'different error codes that a node sees of a test', 1000, 3);
  add('--extras <number>', 'timings, byte counts and counters of a run, with --timings', 1000, 40);
  command.addOption(command.createOption('--json', 'for programs').helpGroup(group));
  command.action(bound((given) => forecastAction(given, surroundings)));
}

function valid(text: string, most: number): number {
  try {
    return wholeNumber(1, most)(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

async function forecastAction(command: Command, surroundings: CommandContext): Promise<number> {
  const { config } = loadedQuietly(flagsOf(command), surroundings, false);
  const [{ told }, { forecastText }] = await Promise.all([import('./forecast.ts'), import('./forecast-text.ts')]);
  const flags = command.opts<ForecastFlags & Record<string, unknown>>();
  const found = await told(config, flags, command.args, surroundings);
  surroundings.stdout.write(flags.json === true ? `${JSON.stringify(found, undefined, 2)}\n` : forecastText(found));
  return 0;
}
