// Commands whose options and work are read in when somebody asks for them: the bridge starts without those of the others.

import type { Command, CommandOptions } from 'commander';

/** Gives a command all but its name and description. */
export type Completion = (command: Command) => unknown;

export interface LazyCommands {
  add(name: string, description: string, complete: Completion, options?: CommandOptions): void;
  /** Completes those that nobody has asked for, too: for what tells of all of them. */
  completeAll(): Promise<void>;
}

/** Adds commands to a program, which is to be parsed by `parseAsync`. */
export function lazyCommands(program: Command): LazyCommands {
  const waiting = new Map<Command, Completion>();
  async function completed(command: Command): Promise<void> {
    const complete = waiting.get(command);
    waiting.delete(command);
    await complete?.(command);
  }
  program.hook('preSubcommand', (_program, command) => completed(command));
  return {
    add: (name, description, complete, options = {}) =>
      void waiting.set(program.command(name, options).description(description), complete),
    async completeAll() {
      for (const command of waiting.keys()) await completed(command);
    },
  };
}
