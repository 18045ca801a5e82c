// A captured body against the template: what is missing, unknown and wrong in it, and what it is worth all the same.

import test from 'ava';
import { readFileSync } from 'node:fs';
import { bodyCheck } from '../../../../src/sources/catchpoint/template/body-check.ts';
import {
  ignoredMembers,
  templateFields,
  templateText,
} from '../../../../src/sources/catchpoint/template/template-fields.ts';
import { measurementOf } from '../../../../src/sources/catchpoint/measurement.ts';

const golden = (name: string): Buffer =>
  readFileSync(new URL(`../../../../../test/golden/catchpoint/${name}.json`, import.meta.url));
const rendered = JSON.parse(golden('template-custom').toString()) as Record<string, unknown>;
const base = { timings: false, labels: [] };

const check = (changes: Record<string, unknown>, choice = base) =>
  bodyCheck(Buffer.from(JSON.stringify({ ...rendered, ...changes })), choice);
const found = (changes: Record<string, unknown>, choice = base): string[] =>
  check(changes, choice).findings.map(({ kind, field, words }) => `${kind} ${field}: ${words}`);

test('a body as Catchpoint renders it has nothing wrong in it', (t) => {
  const checked = bodyCheck(golden('template-custom'), base);
  t.deepEqual([checked.shape, checked.findings], ['template', []]);
  t.deepEqual(checked.measurement, measurementOf(rendered));
});

test('what is missing is said with its macro and what it is for', (t) => {
  t.deepEqual(found({ Total: undefined, Asn: undefined }), [
    'missing Asn: it is for the AS that the run went out from: "Asn": "${asn}"',
    'missing Total: it is for the RTT: "Total": "${timingtotal}"',
  ]);
  t.true(
    found({}, { timings: true, labels: [] }).includes('missing Send: it is for timing.send: "Send": "${timingsend}"'),
  );
});

test('what nothing reads is said, with what was probably meant', (t) => {
  t.deepEqual(
    found({ Total: undefined, Totl: '164', Colour: 'red' }).filter((line) => line.startsWith('unknown')),
    ['unknown Totl: nothing reads it; did you mean Total?', 'unknown Colour: nothing reads it'],
  );
  t.deepEqual(found({ ReportWindow: '1' }), []);
});

test('a macro that was not replaced, and values that cannot be, are wrong; empty ones are not', (t) => {
  t.deepEqual(found({ Total: '${timingtotl}', ErrorDns: 'maybe', Asn: 'AS1', PingRttAvg: '' }), [
    'wrong Asn: expected the number of an autonomous system, found "AS1"',
    'wrong Total: Catchpoint has put nothing in place of "${timingtotl}"; the macro is ${timingtotal}',
    'wrong ErrorDns: expected True or False, found "maybe"',
  ]);
});

test('what makes it no push is said once, by its field', (t) => {
  const { findings, measurement } = check({ NodeId: '${nodeid}', Total: 'x' });
  t.is(measurement, undefined);
  t.deepEqual(
    findings.map(({ kind, field }) => [kind, field]),
    [
      ['no-push', 'NodeId'],
      ['wrong', 'Total'],
    ],
  );
  t.like(bodyCheck(Buffer.from('<a/>'), base), { shape: 'none', findings: [{ kind: 'no-push', field: 'body' }] });
  t.like(bodyCheck(Buffer.from('{"TestId": ${testid}}'), base), {
    shape: 'none',
    findings: [{ kind: 'no-push', field: 'body' }],
  });
});

test('the other shapes are told apart, and have no fields that could be missing', (t) => {
  t.like(bodyCheck(golden('web'), base), { shape: 'default', findings: [] });
  t.like(bodyCheck(golden('template-grafana'), base), { shape: 'grafana', findings: [] });
});

test('labels that are wanted and not there are said, in every shape', (t) => {
  const labels = { timings: false, labels: ['team', 'env'] };
  t.deepEqual(
    bodyCheck(golden('web'), labels).findings.map(({ kind, field }) => `${kind} ${field}`),
    ['missing TestDetail.Labels.env'],
  );
  t.deepEqual(
    bodyCheck(golden('template-labels'), labels).findings.map(({ field }) => field),
    ['Labels.env'],
  );
});

test('every field of the template is read, under its name, by what reads pushes', (t) => {
  const fields = templateFields({ timings: true });
  const values = Object.fromEntries(
    fields.map(({ name }, at) => [
      name,
      /^Error(?!Code)/.test(name) ? 'False' : name === 'Timestamp' ? '20261118093412345' : String(at + 1),
    ]),
  );
  const whole = measurementOf({ schema: 'x', ...values }, { extras: true });
  for (const { name } of fields) {
    if (ignoredMembers.includes(name)) continue;
    const changed =
      name === 'TypeId'
        ? '6'
        : name === 'Timestamp'
          ? '20261118093412346'
          : /^Error(?!Code)/.test(name)
            ? 'True'
            : `9${values[name]}`;
    const without = name.startsWith('Error')
      ? { ErrorCode: '' }
      : name === 'TimestampEpoch'
        ? { Timestamp: '' }
        : name.startsWith('Ping')
          ? { TypeId: '6' }
          : {};
    const one = measurementOf({ schema: 'x', ...values, ...without }, { extras: true });
    t.notDeepEqual(measurementOf({ schema: 'x', ...values, ...without, [name]: changed }, { extras: true }), one, name);
  }
  t.true((whole.extras?.length ?? 0) > 60);
});

test('the template is JSON whose values are macros, each once', (t) => {
  const text = templateText({ timings: true, labels: ['team'] });
  const { schema, Labels, ...fields } = JSON.parse(text) as Record<string, unknown>;
  t.deepEqual([schema, Labels], ['cp-tsdb-1', { team: '' }]);
  const macros = Object.values(fields).map(String);
  t.true(
    macros.every((macro) => /^\$\{[a-z]+\}$/.test(macro)),
    macros.join(' '),
  );
  t.is(new Set(macros).size, macros.length);
});

test('the page about Catchpoint gives the template as the command prints it', (t) => {
  t.true(
    readFileSync(new URL('../../../../../docs/catchpoint.md', import.meta.url), 'utf8').includes(
      `\`\`\`json\n${templateText(base)}\`\`\``,
    ),
  );
});
