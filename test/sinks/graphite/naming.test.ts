// Series names in Graphite: both forms, templates, and limits of Carbon.

import test from 'ava';
import fc from 'fast-check';
import type { DataPoint } from '../../../src/model/point.ts';
import { carbonLine } from '../../../src/sinks/graphite/line.ts';
import { naming, type NamingOptions } from '../../../src/sinks/graphite/naming.ts';
import { illegalPoints } from '../contract.ts';

const point: DataPoint = {
  metric: 'catchpoint.rtt.by_city.12345',
  timestamp: 1456448689,
  unit: 's',
  value: '158.0',
  tags: { nodeid: '312', city: 'St._Louis', 'a/b': 'x/y' },
};

const forms: readonly (readonly [options: NamingOptions, name: string])[] = [
  [{ form: 'tagged' }, 'catchpoint.rtt.by_city.12345;a/b=x/y;city=St._Louis;nodeid=312'],
  [{ form: 'tagged', template: 'KEY.{metric}' }, 'KEY.catchpoint.rtt.by_city.12345;a/b=x/y;city=St._Louis;nodeid=312'],
  [{ form: 'tagged', template: '{tag:city}.{metric}' }, 'St__Louis.catchpoint.rtt.by_city.12345;a/b=x/y;nodeid=312'],
  [{ form: 'tagged', omitTags: ['city', 'a/b'] }, 'catchpoint.rtt.by_city.12345;nodeid=312'],
  [{ form: 'tagged', omitTags: ['city', 'a/b', 'nodeid'] }, 'catchpoint.rtt.by_city.12345'],
  [{ form: 'dotted' }, 'catchpoint.rtt.by_city.12345.a_b.x_y.city.St__Louis.nodeid.312'],
  [{ form: 'dotted', template: '{metric}.{values}' }, 'catchpoint.rtt.by_city.12345.x_y.St__Louis.312'],
  [
    { form: 'dotted', template: 'eu-1.node-{tag:nodeid}.{metric}.{tags}' },
    'eu-1.node-312.catchpoint.rtt.by_city.12345.a_b.x_y.city.St__Louis',
  ],
  [
    { form: 'dotted', template: 'x{metric}.{tag:isp}.is-{tag:isp}.{tags}', omitTags: ['a/b', 'nodeid'] },
    'xcatchpoint.rtt.by_city.12345.city.St__Louis',
  ],
  [
    { form: 'dotted', template: '{tags}.{metric}', omitTags: ['a/b', 'nodeid', 'city'] },
    'catchpoint.rtt.by_city.12345',
  ],
];

for (const [options, name] of forms) {
  test(`naming by ${JSON.stringify(options)}`, (t) => t.is(naming(options)(point), name));
}

test('the order of tags in a point does not change the name', (t) => {
  const turned = { ...point, tags: Object.fromEntries(Object.entries(point.tags).toReversed()) };
  for (const form of ['tagged', 'dotted'] as const) t.is(naming({ form })(turned), naming({ form })(point));
});

test('a tag called name, which Carbon uses for the metric, becomes tag_name', (t) => {
  t.is(naming({ form: 'tagged' })({ metric: 'm', tags: { name: 'x' } }), 'm;tag_name=x');
});

const invalidTemplates: readonly (readonly [form: NamingOptions['form'], template: string, message: RegExp])[] = [
  ['dotted', '', /\{metric\} once, found ""/],
  ['dotted', '{tags}', /\{metric\} once/],
  ['dotted', '{metric}.{metric}.{tags}', /\{metric\} once/],
  ['dotted', '{metric}', /one of \{tags\} and \{values\}/],
  ['dotted', '{metric}.{tags}.{values}', /one of \{tags\} and \{values\}/],
  ['dotted', '{metric}.a{tags}', /nodes of their own/],
  ['dotted', '{metric}..{tags}', /a dot between them/],
  ['dotted', '.{metric}.{tags}', /a dot between them/],
  ['dotted', '{metric}.{tags}.', /a dot between them/],
  ['dotted', '{metric.{tags}', /a dot between them/],
  ['dotted', '{metric}.{tags}}', /a dot between them/],
  ['dotted', '{prefix}.{metric}.{tags}', /\{metric\}, \{tags\}, \{values\} or \{tag:NAME\}/],
  ['dotted', '{tag:}.{metric}.{tags}', /\{tag:NAME\}/],
  ['dotted', 'a b.{metric}.{tags}', /letters, digits/],
  ['dotted', 'a;b=c.{metric}.{tags}', /letters, digits/],
  ['tagged', '{metric}.{tags}', /tags follow the name/],
];

for (const [form, template, message] of invalidTemplates) {
  test(`an invalid template for ${form} names: ${JSON.stringify(template)}`, (t) =>
    void t.throws(() => naming({ form, template }), { message }));
}

test('milliseconds are truncated to seconds', (t) => {
  const line = carbonLine(
    { ...point, timestamp: 1456448689999, unit: 'ms', tags: { nodeid: '312' } },
    naming({ form: 'dotted' }),
  );
  t.deepEqual(line, {
    name: 'catchpoint.rtt.by_city.12345.nodeid.312',
    text: 'catchpoint.rtt.by_city.12345.nodeid.312 158.0 1456448689\n',
  });
});

test('illegal characters of a metric are replaced, and a character that would break the line is a fault', (t) => {
  const nameOf = (metric: string) => carbonLine({ ...point, metric, tags: { a: 'b' } }, naming({ form: 'dotted' }));
  t.like(nameOf('github.a+b.refs/heads/x.me->here.%41'), { name: 'github.a+b.refs_heads_x.me->here.%41.a.b' });
  t.like(nameOf('.mitt..prod."x"*?[y]{z}(a),b\'c|d;e=f\\g.'), { name: 'mitt.prod._x____y__z__a__b_c_d_e=f_g.a.b' });
  for (const metric of ['a b', 'a\nb', 'São_Paulo', '', 'a\u0000'])
    t.regex((nameOf(metric) as { fault: string }).fault, /^metric: characters that print/);
  t.like(nameOf('...'), { name: 'a.b' });
  t.regex(
    (carbonLine({ ...point, metric: '...' }, naming({ form: 'tagged' })) as { fault: string }).fault,
    /^metric: a name wanted/,
  );
});

test('a metric without tags is kept in either form, except what Carbon cannot store', (t) => {
  const names: readonly (readonly [metric: string, name: string])[] = [
    ['mitt.web1.prod.42.cpu.3.user', 'mitt.web1.prod.42.cpu.3.user'],
    ['github.a+b.refs/heads/x.me->here.%41', 'github.a+b.refs/heads/x.me->here.%41'],
    ['alerts.x"y"*?[1]{2}(3),b\'c|d=f\\g', 'alerts.x"y"*?[1]{2}(3),b\'c|d=f\\g'],
    ['.mitt..prod.', 'mitt.prod'],
    ['/../../etc/passwd/', 'etc/passwd'],
    ['a;b=c', 'a_b=c'],
  ];
  for (const form of ['tagged', 'dotted'] as const) {
    for (const [metric, name] of names) t.is(naming({ form })({ metric, tags: {} }), name);
  }
  t.is(
    naming({ form: 'dotted', template: 'eu.{metric}.{tags}' })({ metric: 'a/b', tags: {} }),
    'eu.a/b',
    'a configured template applies',
  );
});

test('a name too long for a file or a path is a fault', (t) => {
  const faultOf = (form: NamingOptions['form'], tag: string, count = 1) => {
    const tags = Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, tag]));
    return (carbonLine({ ...point, tags }, naming({ form })) as { fault?: string }).fault;
  };
  t.is(faultOf('dotted', 'x'.repeat(250)), undefined);
  t.is(faultOf('dotted', 'x'.repeat(251)), 'name: at most 250 characters between two dots wanted, found 251');
  t.is(faultOf('tagged', 'x'.repeat(251)), undefined);
  t.regex(faultOf('tagged', 'x'.repeat(250), 8) as string, /^name: at most 2000 characters wanted, found 20\d\d$/);
});

test('any point is rendered as three words that Carbon can split, or is a fault', (t) => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[!-~]{1,12}$/),
    fc.constantFrom('__proto__', 'name', '~', '.', '/'),
  );
  const any = fc.record({
    metric: text,
    timestamp: fc.oneof(fc.integer(), fc.constant(1456448689)),
    unit: fc.constantFrom('s' as const, 'ms' as const),
    value: fc.oneof(fc.double().map(String), text),
    tags: fc.dictionary(text, text),
  });
  const legal = fc.record({
    metric: fc.stringMatching(/^[!-~]{1,12}$/),
    timestamp: fc.constant(1456448689),
    unit: fc.constant('s' as const),
    value: fc.integer().map(String),
    tags: fc.dictionary(fc.stringMatching(/^[A-Za-z0-9._/-]{1,6}$/), fc.stringMatching(/^[A-Za-z0-9._/-]{1,6}$/), {
      minKeys: 1,
      maxKeys: 8,
    }),
  });
  let sent = 0;
  for (const form of ['tagged', 'dotted'] as const) {
    const nameOf = naming({ form });
    fc.assert(
      fc.property(fc.oneof(any, legal), (each) => {
        const line = carbonLine(each, nameOf);
        if ('fault' in line) return;
        sent += 1;
        const node = Object.keys(each.tags).length === 0 ? '[!-\\-/-:<-~]+' : '[A-Za-z0-9_:%+@#$&^!<>=~-]+';
        const name =
          form === 'dotted' ? `${node}(\\.${node})*` : `${node}(\\.${node})*(;[A-Za-z0-9_./-]+=[A-Za-z0-9_./-]+)*`;
        t.regex(line.text, new RegExp(`^${name} -?[0-9.eE+-]+ \\d+\\n$`));
      }),
      { numRuns: 400 },
    );
  }
  t.true(sent > 200);
  for (const bad of illegalPoints)
    t.true('fault' in carbonLine(bad, naming({ form: 'tagged' })), JSON.stringify(bad).slice(0, 99));
});
