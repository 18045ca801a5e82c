// The check of a captured body against the template: missing, unknown and wrong fields, and its measurement.

import test from 'ava';
import { readFileSync } from 'node:fs';
import { bodyCheck } from '../../../../src/sources/catchpoint/template/body-check.ts';
import {
  ignoredMembers,
  templateFields,
  templateText,
} from '../../../../src/sources/catchpoint/template/template-fields.ts';
import { measurementOf } from '../../../../src/sources/catchpoint/measurement.ts';
import { goldenPush } from '../samples.ts';

const rendered = JSON.parse(goldenPush('template-custom').toString()) as Record<string, unknown>;
const base = { timings: false, labels: [] };

const check = (changes: Record<string, unknown>, choice = base) =>
  bodyCheck(Buffer.from(JSON.stringify({ ...rendered, ...changes })), choice);
const found = (changes: Record<string, unknown>, choice = base): string[] =>
  check(changes, choice).findings.map(({ kind, field, words }) => `${kind} ${field}: ${words}`);

test('a body that Catchpoint renders has no findings', (t) => {
  const checked = bodyCheck(goldenPush('template-custom'), base);
  t.deepEqual([checked.shape, checked.findings], ['template', []]);
  t.deepEqual(checked.measurement, measurementOf(rendered));
});

test('a missing field is reported with its macro and purpose', (t) => {
  t.deepEqual(found({ Total: undefined, Asn: undefined }), [
    'missing Asn: it is for the AS that the run went out from: "Asn": "${asn}"',
    'missing Total: it is for the RTT: "Total": "${timingtotal}"',
  ]);
  t.true(
    found({}, { timings: true, labels: [] }).includes('missing Send: it is for timing.send: "Send": "${timingsend}"'),
  );
});

test('an unknown field is reported with a suggestion', (t) => {
  t.deepEqual(
    found({ Total: undefined, Totl: '164', Colour: 'red' }).filter((line) => line.startsWith('unknown')),
    ['unknown Totl: nothing reads it; did you mean Total?', 'unknown Colour: nothing reads it'],
  );
  t.deepEqual(found({ ReportWindow: '1' }), []);
});

test('an unreplaced macro and an invalid value are wrong, an empty value is not', (t) => {
  t.deepEqual(found({ Total: '${timingtotl}', ErrorDns: 'maybe', Asn: 'AS1', PingRttAvg: '' }), [
    'wrong Asn: expected the number of an autonomous system, found "AS1"',
    'wrong Total: Catchpoint has put nothing in place of "${timingtotl}"; the macro is ${timingtotal}',
    'wrong ErrorDns: expected True or False, found "maybe"',
  ]);
});

test('the fault that makes a body invalid as a push is reported once', (t) => {
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

test('missing fields are not reported for the other shapes', (t) => {
  t.like(bodyCheck(goldenPush('web'), base), { shape: 'default', findings: [] });
  t.like(bodyCheck(goldenPush('template-grafana'), base), { shape: 'grafana', findings: [] });
  t.like(check({ TestDetails: null }), { shape: 'template' });
});

test('missing labels are reported in every shape', (t) => {
  const labels = { timings: false, labels: ['team', 'env'] };
  t.deepEqual(
    bodyCheck(goldenPush('web'), labels).findings.map(({ kind, field }) => `${kind} ${field}`),
    ['missing TestDetail.Labels.env'],
  );
  t.deepEqual(
    bodyCheck(goldenPush('template-labels'), labels).findings.map(({ field }) => field),
    ['Labels.env'],
  );
});

test('every field of the template is read from a push', (t) => {
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

test('the template is JSON with each macro once', (t) => {
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

test('docs/catchpoint.md has the template', (t) => {
  t.true(
    readFileSync(new URL('../../../../../docs/catchpoint.md', import.meta.url), 'utf8').includes(
      `\`\`\`json\n${templateText(base)}\`\`\``,
    ),
  );
});
