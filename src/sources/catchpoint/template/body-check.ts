// Checks a body that Catchpoint sent against the template: which fields are missing, unknown or wrong, and whether it is a push.

import { distance } from 'fastest-levenshtein';
import { found, member } from '../fields.ts';
import { labelsOf } from '../labels.ts';
import { type Measurement, measurementOf, NotAPush } from '../measurement.ts';
import { parsePush } from '../push-body.ts';
import { readableNames, type TemplateChoice, type TemplateField, templateFields } from './template-fields.ts';

export interface BodyFinding {
  /** `no-push`: the bridge would answer 400. */
  readonly kind: 'no-push' | 'wrong' | 'missing' | 'unknown';
  readonly field: string;
  readonly words: string;
}

export interface BodyCheck {
  /** In which of the shapes that are understood it came. */
  readonly shape: 'template' | 'default' | 'grafana' | 'none';
  readonly findings: readonly BodyFinding[];
  /** What it would become; undefined when it is no push. */
  readonly measurement: Measurement | undefined;
}

/** Checks a body as it came. Only a body of our own template has fields that can be missing or unknown. */
export function bodyCheck(body: Buffer, choice: TemplateChoice): BodyCheck {
  let json: unknown;
  try {
    json = parsePush(body);
    const shape = shapeOf(json);
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

function shapeOf(body: unknown): BodyCheck['shape'] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'none';
  if (typeof member(body, 'TestDetails') === 'object') return 'grafana';
  return member(body, 'schema') !== undefined ||
    (member(body, 'Summary') === undefined && member(body, 'TestDetail') === undefined)
    ? 'template'
    : 'default';
}

/** What makes it no push is said once: by its field where that has been found wrong already. */
function measured(
  json: unknown,
  findings: readonly BodyFinding[],
  { timings, labels }: TemplateChoice,
): Pick<BodyCheck, 'findings' | 'measurement'> {
  try {
    return {
      findings,
      measurement: measurementOf(json, { extras: timings, labels: labels.map((label) => label.toLowerCase()) }),
    };
  } catch (error) {
    if (!(error instanceof NotAPush)) throw error;
    const said = noPush(error);
    return { findings: [said, ...findings.filter(({ field }) => field !== said.field)], measurement: undefined };
  }
}

function noPush({ message }: NotAPush): BodyFinding {
  const [, field = 'body', words = message] = /^([\w.]+): (.*)$/s.exec(message) ?? [];
  return { kind: 'no-push', field, words };
}

function templateFindings(body: object, choice: TemplateChoice): BodyFinding[] {
  const wanted = templateFields(choice);
  const known = readableNames();
  const all = templateFields({ timings: true });
  const unknown = Object.keys(body).filter((name) => !known.includes(name));
  return [
    ...all.flatMap((field) => wrong(field, body)),
    ...wanted.filter(({ name }) => !Object.hasOwn(body, name)).map((field) => missing(field)),
    ...unknown.map((name): BodyFinding => ({
      kind: 'unknown',
      field: name,
      words: `nothing reads it${meant(name, known, body)}`,
    })),
  ];
}

function missing({ name, macro, purpose }: TemplateField): BodyFinding {
  return { kind: 'missing', field: name, words: `it is for ${purpose}: "${name}": "\${${macro}}"` };
}

function wrong({ name, macro, fault }: TemplateField, body: object): BodyFinding[] {
  const value = member(body, name);
  if (value === undefined || value === null || value === '') return [];
  if (typeof value === 'string' && value.includes('${')) {
    return [
      {
        kind: 'wrong',
        field: name,
        words: `Catchpoint has put nothing in place of ${found(value)}; the macro is \${${macro}}`,
      },
    ];
  }
  const expected = fault(value);
  return expected === undefined
    ? []
    : [{ kind: 'wrong', field: name, words: `expected ${expected}, found ${found(value)}` }];
}

/** A name in another case, or close to one that is not there. */
function meant(name: string, known: readonly string[], body: object): string {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  const [nearest] = known
    .filter((candidate) => !Object.hasOwn(body, candidate))
    .map((candidate) => ({ candidate, changes: distance(plain(name), plain(candidate)) }))
    .filter(({ changes }) => changes <= Math.floor(name.length / 4))
    .toSorted((a, b) => a.changes - b.changes);
  return nearest === undefined ? '' : `; did you mean ${nearest.candidate}?`;
}

function labelFindings(json: unknown, shape: BodyCheck['shape'], { labels }: TemplateChoice): BodyFinding[] {
  const [holder, place] =
    shape === 'template'
      ? [json, 'Labels']
      : shape === 'grafana'
        ? [member(json, 'TestDetails'), 'TestDetails.Labels']
        : [member(json, 'TestDetail'), 'TestDetail.Labels'];
  return labels
    .filter((label) => labelsOf(member(holder, 'Labels'), [label.toLowerCase()]) === undefined)
    .map((label) => ({
      kind: 'missing',
      field: `${place}.${label}`,
      words: 'the label has no value here, and becomes no tag',
    }));
}
