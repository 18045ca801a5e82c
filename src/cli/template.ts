// `template`: prints the template to paste into Catchpoint, or checks a body that Catchpoint made from it.

import type { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Config } from '../config/config.ts';
import { expanded } from '../model/factored-points.ts';
import { faultOf } from '../model/legal-point.ts';
import { silentLog } from '../runtime/log.ts';
import { renderPutLine } from '../sinks/opentsdb/text/point-text.ts';
import { knownNodes } from '../sources/catchpoint/nodes/known-nodes.ts';
import type { Node } from '../sources/catchpoint/nodes/node.ts';
import { readOverrides } from '../sources/catchpoint/nodes/overrides-file.ts';
import { tagsWithinBudget } from '../sources/catchpoint/run-tags.ts';
import { slicer } from '../sources/catchpoint/slices.ts';
import { bodyCheck, type BodyCheck } from '../sources/catchpoint/template/body-check.ts';
import { type TemplateChoice, templateText } from '../sources/catchpoint/template/template-fields.ts';
import type { BindAction, CommandContext, Output } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { commandConfig } from './load-config.ts';
import { withSettings } from './setting-options.ts';
import { printable } from './terminal-text.ts';

export function define(command: Command, bind: BindAction): void {
  withSettings(command)
    .description('print the template to paste into Catchpoint, or check a body against it')
    .option(
      '--check <file>',
      'check a body that Catchpoint sent against it, and show the points that it would become; - is standard input',
    )
    .option('--json', 'for programs; with --check')
    .action(bind(templateAction));
}

async function templateAction(command: Command, context: CommandContext): Promise<number> {
  const { config } = commandConfig(command, context);
  const { stdin, stdout, stderr } = context;
  const { check: file, json = false } = command.opts<{ readonly check?: string; readonly json?: boolean }>();
  if (file === undefined) {
    printTemplate(config, { stdout, stderr });
    return 0;
  }
  let body: Buffer;
  try {
    body = file === '-' ? await buffer(stdin()) : await readFile(file);
  } catch (error) {
    stderr.write(`error: ${file}: cannot be read (${(error as Error).message})\n`);
    return exitCodes.noInput;
  }
  return checkBody(config, body, (text) => stdout.write(text), json);
}

export function printTemplate(
  config: Config,
  { stdout, stderr }: Record<'stdout' | 'stderr', Pick<Output, 'write'>>,
): void {
  const choice = choiceOf(config);
  stdout.write(templateText(choice));
  if (choice.labels.length === 0) return;
  stderr.write(
    'note: Catchpoint has no macro for labels. Write their values into Labels, where the template serves tests with the same ones; else choose JSON and no template.\n',
  );
}

/** Resolves with the exit code: 65 when the body is not a push or has a wrong field, else 0. */
export async function checkBody(
  config: Config,
  body: Buffer,
  write: (text: string) => void,
  json = false,
): Promise<0 | 65> {
  const checked = bodyCheck(body, choiceOf(config));
  const { shape, findings, measurement } = checked;
  const directory = await knownNodes(config.stateDir, config.catchpoint.nodesFile, silentLog());
  const node = measurement && directory.find(measurement.nodeId);
  const points = await putLines(config, checked, node);
  if (json) {
    write(`${JSON.stringify({ shape, findings, node: node?.id ?? null, points }, undefined, 2)}\n`);
  } else {
    write(`${shapeText[shape]}\n`);
    for (const { kind, field, words } of findings) {
      write(`${kind.padEnd(8)} ${printable(field)}: ${printable(words)}\n`);
    }
    if (measurement !== undefined && node === undefined)
      write(`node ${measurement.nodeId} is not in the directory here: the other slices follow when it is\n`);
    write(`${points.length} points\n${points.map((line) => `${line}\n`).join('')}`);
  }
  return findings.some(({ kind }) => kind === 'no-push' || kind === 'wrong') ? exitCodes.dataError : 0;
}

const shapeText: Readonly<Record<BodyCheck['shape'], string>> = {
  template: 'a body of the template',
  default: "a body in Catchpoint's default JSON, which needs no template",
  grafana: 'a body of the template that Grafana publishes',
  none: 'no body of a push',
};

function choiceOf({ metrics }: Config): TemplateChoice {
  const { kept } = tagsWithinBudget(metrics);
  const labels = (metrics.labelTags ?? []).filter(({ tag }) => kept.includes(tag)).map(({ label }) => label);
  return { timings: metrics.timings, labels };
}

async function putLines(
  { metrics, catchpoint }: Config,
  { measurement }: BodyCheck,
  node: Node | undefined,
): Promise<string[]> {
  if (measurement === undefined) return [];
  const overrides = catchpoint.nodeOverrides === undefined ? new Map() : await readOverrides(catchpoint.nodeOverrides);
  const points = expanded(slicer(metrics, (id) => overrides.get(id))(measurement, node));
  return points.map((point) => {
    const fault = faultOf(point);
    return fault === undefined ? renderPutLine(point) : `not written: ${point.metric}: ${fault}`;
  });
}
