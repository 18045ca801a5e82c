// Checks a body from Catchpoint against the template: missing, unknown and wrong fields, and whether it is a push.

import { distance } from 'fastest-levenshtein';
import { describeValue, member, memberAt } from '../fields.ts';
import { labelsOf, type Measurement, measurementOf, NotAPush } from '../measurement.ts';
import { parsePush } from '../push-body.ts';
import { type PushShape, pushShape } from '../push-fields.ts';
import { readableNames, type TemplateChoice, type TemplateField, templateFields } from './template-fields.ts';

interface BodyFinding {
  /** `no-push`: the bridge would answer 400. */
  readonly kind: 'no-push' | 'wrong' | 'missing' | 'unknown';
  readonly field: string;
  readonly words: string;
}

export interface BodyCheck {
  readonly shape: PushShape | 'none';
  readonly findings: readonly BodyFinding[];
  /** Undefined if the body is not a push. */
  readonly measurement: Measurement | undefined;
}

/** Only a body of the bridge's own template has missing and unknown fields. */
export function bodyCheck(body: Buffer, choice: TemplateChoice): BodyCheck {
  try {
    const json = parsePush(body);
    const shape = typeof json !== 'object' || json === null || Array.isArray(json) ? 'none' : pushShape(json);
    const findings = [
      ...(shape === 'template' ? templateFindings(json as object, choice) : []),
      ...labelFindings(json, shape, choice),
    ];
    return { shape, ...measured(json, findings, choice) };
  } catch (error) {
    if (!(error instanceof NotAPush)) throw error;
    return { shape: 'none', findings: [noPush(error)], measurement: undefined };
  }
}

/** The finding `no-push` replaces an earlier one for the same field. */
function measured(
  json: unknown,
  findings: readonly BodyFinding[],
  { timings, labels }: TemplateChoice,
): Pick<BodyCheck, 'findings' | 'measurement'> {
  try {
    const options = { extras: timings, labels: labels.map((label) => label.toLowerCase()) };
    return { findings, measurement: measurementOf(json, options) };
  } catch (error) {
    if (!(error instanceof NotAPush)) throw error;
    const finding = noPush(error);
    return { findings: [finding, ...findings.filter(({ field }) => field !== finding.field)], measurement: undefined };
  }
}

function noPush({ message }: NotAPush): BodyFinding {
  const [, field = 'body', words = message] = /^([\w.]+): (.*)$/s.exec(message) ?? [];
  return { kind: 'no-push', field, words };
}

function templateFindings(body: object, choice: TemplateChoice): BodyFinding[] {
  const names = readableNames();
  return [
    ...templateFields({ timings: true }).flatMap((field) => wrong(field, body)),
    ...templateFields(choice)
      .filter(({ name }) => !Object.hasOwn(body, name))
      .map(missing),
    ...Object.keys(body)
      .filter((name) => !names.includes(name))
      .map((name) => unknown(name, names, body)),
  ];
}

function wrong({ name, macro, expectation }: TemplateField, body: object): BodyFinding[] {
  const value = member(body, name);
  if (value === undefined || value === null || value === '') return [];
  if (typeof value === 'string' && value.includes('${')) {
    const words = `Catchpoint has put nothing in place of ${describeValue(value)}; the macro is \${${macro}}`;
    return [{ kind: 'wrong', field: name, words }];
  }
  const expected = expectation(value);
  if (expected === undefined) return [];
  return [{ kind: 'wrong', field: name, words: `expected ${expected}, found ${describeValue(value)}` }];
}

function missing({ name, macro, purpose }: TemplateField): BodyFinding {
  return { kind: 'missing', field: name, words: `it is for ${purpose}: "${name}": "\${${macro}}"` };
}

/** Suggests a missing field whose name is close, ignoring case and punctuation. */
function unknown(name: string, names: readonly string[], body: object): BodyFinding {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  const [nearest] = names
    .filter((candidate) => !Object.hasOwn(body, candidate))
    .map((candidate) => ({ candidate, changes: distance(plain(name), plain(candidate)) }))
    .filter(({ changes }) => changes <= Math.floor(name.length / 4))
    .toSorted((a, b) => a.changes - b.changes);
  const suggestion = nearest === undefined ? '' : `; did you mean ${nearest.candidate}?`;
  return { kind: 'unknown', field: name, words: `nothing reads it${suggestion}` };
}

const labelPaths: Readonly<Record<BodyCheck['shape'], readonly string[]>> = {
  template: ['Labels'],
  grafana: ['TestDetails', 'Labels'],
  default: ['TestDetail', 'Labels'],
  none: ['TestDetail', 'Labels'],
};

function labelFindings(json: unknown, shape: BodyCheck['shape'], { labels }: TemplateChoice): BodyFinding[] {
  const path = labelPaths[shape];
  return labels
    .filter((label) => labelsOf(memberAt(json, ...path), [label.toLowerCase()]) === undefined)
    .map((label) => ({
      kind: 'missing',
      field: [...path, label].join('.'),
      words: 'the label has no value here, and becomes no tag',
    }));
}
