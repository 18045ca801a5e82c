// The `template` command: prints the template to paste into Catchpoint, and checks a body that came by it.

import type { Config } from '../../config/config.ts';
import { expanded } from '../../model/factored-points.ts';
import { silentLog } from '../../runtime/log.ts';
import { faultOf } from '../../model/legal-point.ts';
import { renderPutLine } from '../../sinks/opentsdb/text/point-text.ts';
import { knownNodes } from '../../sources/catchpoint/nodes/known-nodes.ts';
import type { Node } from '../../sources/catchpoint/nodes/node.ts';
import { readOverrides } from '../../sources/catchpoint/nodes/overrides-file.ts';
import { tagsWithinBudget } from '../../sources/catchpoint/run-tags.ts';
import { slicer } from '../../sources/catchpoint/slices.ts';
import { bodyCheck, type BodyCheck } from '../../sources/catchpoint/template/body-check.ts';
import { type TemplateChoice, templateText } from '../../sources/catchpoint/template/template-fields.ts';
import { shown } from '../plain-text.ts';
import type { Output } from '../command-context.ts';

/** After sysexits: the body is no push, or not what it should be. */
const dataError = 65;

/** The template for the metrics that the configuration chooses; what it cannot give is said beside it. */
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

export interface CheckBody {
  readonly config: Config;
  readonly body: Buffer;
  readonly json: boolean;
  readonly write: (text: string) => void;
}

/** Resolves with the exit code: 0 when the body is a push with nothing wrong in it, else 65; what is missing or unknown is only said. */
export async function checkBody({ config, body, json, write }: CheckBody): Promise<0 | 65> {
  const checked = bodyCheck(body, choiceOf(config));
  const directory = await knownNodes(config.stateDir, config.catchpoint.nodesFile, silentLog());
  const node = checked.measurement && directory.find(checked.measurement.nodeId);
  const lines = await putLines(config, checked, node);
  const { shape, findings } = checked;
  const nodeWords =
    checked.measurement === undefined || node !== undefined
      ? undefined
      : `node ${checked.measurement.nodeId} is not in the directory here: the other slices follow when it is`;
  if (json) write(`${JSON.stringify({ shape, findings, node: node?.id ?? null, points: lines }, undefined, 2)}\n`);
  else {
    write(`${shapeWords[shape]}\n`);
    for (const { kind, field, words } of findings) write(`${kind.padEnd(8)} ${shown(field)}: ${shown(words)}\n`);
    if (nodeWords !== undefined) write(`${nodeWords}\n`);
    write(`${lines.length} points\n${lines.map((line) => `${line}\n`).join('')}`);
  }
  return findings.some(({ kind }) => kind === 'no-push' || kind === 'wrong') ? dataError : 0;
}

const shapeWords: Readonly<Record<BodyCheck['shape'], string>> = {
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
