// The commands of the program, each with the module that defines it.

import type { Command } from 'commander';
import { createRequire } from 'node:module';
import type { BindAction, CommandContext } from './command-context.ts';
import { withSettings } from './setting-options.ts';

interface CommandModule {
  /** Adds the description, options, arguments, subcommands and the action. */
  define(command: Command, bind: BindAction, context: CommandContext): void;
}

/** By name, in the order of the help. A module is loaded to run its command or to show its help. */
export const commands: Readonly<Record<string, () => Promise<CommandModule>>> = {
  run: async () => ({ define: defineRun }),
  check: () => import('./check.ts'),
  doctor: () => import('./doctor.ts'),
  config: () => import('./config.ts'),
  nodes: () => import('./nodes/command-line.ts'),
  'dead-letters': () => import('./dead-letters/command-line.ts'),
  spool: () => import('./spool/command-line.ts'),
  replay: () => import('./replay/command-line.ts'),
  top: () => import('./top/top.ts'),
  template: () => import('./template.ts'),
  forecast: () => import('./forecast/forecast.ts'),
  demo: () => import('./demo/command-line.ts'),
  'docker-stats': () => import('./docker-stats/docker-stats.ts'),
  simulate: () => import('./simulate.ts'),
  'former-store': () => import('./legacy-store.ts'),
  worker: () => import('./worker.ts'),
  man: () => import('./man/man-page.ts'),
};

/** The program starts the first two itself. */
export const hiddenCommands = ['former-store', 'worker', 'man'];

/** `require` loads the bridge's files in half of the time that `import` needs. */
const require = createRequire(import.meta.url);

function defineRun(command: Command, bind: BindAction): void {
  withSettings(command)
    .description('run the bridge; the default')
    .action(
      bind((run, context) => {
        const { runBridge } = require('./run.js') as typeof import('./run.ts');
        return runBridge(run, context);
      }),
    );
}
