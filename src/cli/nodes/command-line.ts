// The command line of `nodes`: list, show, refresh and diff.

import type { Command } from 'commander';
import type { BindAction, CommandContext } from '../command-context.ts';
import { commandConfig, commandLog } from '../load-config.ts';
import { withSettings } from '../setting-options.ts';
import { nodesDiff } from './diff.ts';
import { listNodes, type NodesOptions, refreshNodes, showNode } from './nodes.ts';

export function define(nodes: Command, bind: BindAction): void {
  nodes.description('show the nodes that are known, or read them anew');
  const add = (name: string, description: string): Command =>
    withSettings(nodes.command(name).description(description).option('--json', 'for programs'));
  add('list', 'every node').action(bind((command, context) => listNodes(optionsOf(command, context))));
  add('show', 'all that is known of a node')
    .argument('<id>', "the node's id")
    .action(bind((command, context) => showNode({ ...optionsOf(command, context), id: command.args[0] ?? '' })));
  add('refresh', 'read the nodes from Catchpoint or the nodes file')
    .option('--accept', 'believe a listing that misses more than a fifth of the nodes')
    .action(
      bind((command, context) => {
        const { accept = false } = command.opts<{ readonly accept?: boolean }>();
        return refreshNodes({ ...optionsOf(command, context, true), accept });
      }),
    );
  add('diff', 'which tag values two listings of the nodes would give otherwise')
    .argument(
      '[before]',
      'stored (the directory as it is kept), fresh (read now), v1 or v2 (read now by that API), or a file of nodes',
      'stored',
    )
    .argument('[after]', 'the same', 'fresh')
    .action(
      bind((command, context) => {
        const [before, after] = command.processedArgs as [string, string];
        return nodesDiff({ ...optionsOf(command, context), before, after });
      }),
    );
}

function optionsOf(command: Command, context: CommandContext, needsNodes = false): NodesOptions {
  const { config } = commandConfig(command, context, needsNodes);
  const { clock, random, stop, stdout, stderr } = context;
  const { json = false } = command.opts<{ readonly json?: boolean }>();
  const write = (text: string): void => void stdout.write(text);
  return { config, clock, random, log: commandLog(config, stderr), signal: stop, json, write };
}
