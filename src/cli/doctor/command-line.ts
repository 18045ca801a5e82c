// The command line of `doctor`.

import { type Command, InvalidArgumentError } from 'commander';
import { silentLog } from '../../runtime/log.ts';
import { loadConfig } from '../load-config.ts';
import { flagsOf, withSettings } from '../setting-options.ts';
import type { Bound, CommandContext } from '../command-context.ts';

export function addDoctor(command: Command, surroundings: CommandContext, bound: Bound): void {
  withSettings(command)
    .option('--push-url <url>', "the push URL as it stands in Catchpoint's webhook: is tried from here", httpUrl)
    .option('--json', 'for programs')
    .action(bound((given) => doctorAction(given, surroundings)));
}

function httpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('expected a URL such as https://bridge.example/catchpoint/TOKEN');
  return text;
}

async function doctorAction(command: Command, surroundings: CommandContext): Promise<number> {
  const { env, stdout, clock, random, pid, stop: signal } = surroundings;
  const { json = false, pushUrl } = command.opts<{ json?: boolean; pushUrl?: string }>();
  const [{ doctor }, { checks }, { systemLookup }] = await Promise.all([
    import('./doctor.ts'),
    import('./checks.ts'),
    import('./names.ts'),
  ]);
  const ambient = { clock, random, signal, log: silentLog(), pid, lookup: systemLookup, pushUrl };
  const read = () => loadConfig(flagsOf(command), env, { needsNodes: false });
  return doctor({ read, examinations: checks(ambient), write: (text) => void stdout.write(text), json });
}
