// The timings, byte counts and counters of a run beyond its round trip, with the names of their metrics. The list is
// closed: a push cannot add metrics to it.

import { member, quantity } from './fields.ts';

/** The middle of a metric's name, such as `timing.dns`, and a value in ms, bytes, a count or per cent. */
export type Extra = readonly [name: string, value: number];

/** Members of Summary.Timing in milliseconds, without Total. Most are documented as template macros only. */
const timings = `Dns Connect Ssl Send Wait Load ContentLoad Redirect Client Wire DocumentComplete DomLoad DomInteractive
  DomContentLoadedEvent RenderStart FirstPaintTime FirstContentfulPaintTime TimeToInteractive VisuallyCompleteTime
  Response WebPageResponse TimeToTitle AboveTheFold Auth ImpactSelf ImpactThirdParty Fetch List Logout Search Delete
  Download Get Upload RootDelay RootDispersion RoundTripDelay LocalClockOffset`.split(/\s+/);

/** Members of Summary.Byte.Response. */
const responseBytes = 'Content Headers TotalContent TotalHeaders SelfZone'.split(' ');

/** Members of Summary.Counter. */
const counters = `Connections Hosts FailedRequests Requests Cached Redirections FilmstripImages JsFailures
  TracePoints`.split(/\s+/);

/** Members of the ContentType objects of Timing, Byte.Response and Counter. */
const contentTypes = 'Image Script Html Css Font Media Xml Other'.split(' ');

type MetricNames = readonly (readonly [member: string, name: string])[];

/** Keys of the flat templates in the template's order: the bridge's own, and those that Grafana's spells differently. */
const templateNames: Readonly<Record<string, string>> = Object.fromEntries([
  ...metricNames('timing', ['Dns', 'Connect', 'Ssl']),
  ['SSL', 'timing.ssl'],
  ...metricNames('timing', 'Send Wait Load ContentLoad Redirect Client DocumentComplete RenderStart'.split(' ')),
  ['ResponseContent', 'byte.response.content'],
  ['ResponseHeaders', 'byte.response.headers'],
  ...metricNames('byte.response', ['TotalContent', 'TotalHeaders']),
  ...contentTypes.map((type) => [`${type}ContentType`, `byte.response.content_type.${snake(type)}`] as const),
  ...contentTypes.map((type) => [`${type}Count`, `counter.content_type.${snake(type)}`] as const),
  ...metricNames('timing', timings),
  ['ResponseSelfZone', 'byte.response.self_zone'],
  ...counters.map((name) => [`Counter${name}`, `counter.${snake(name)}`] as const),
  ...metricNames('score', ['SpeedIndex']),
]);

/** Fields for which Catchpoint documents no template macro. */
const withoutMacro = [
  'FirstPaintTime',
  'FirstContentfulPaintTime',
  'TimeToInteractive',
  'VisuallyCompleteTime',
  'OtherCount',
];

/** The keys of a flat template that are read as extras. `macro` is undefined where Catchpoint documents none. */
export const templateExtras: readonly {
  readonly field: string;
  readonly metric: string;
  readonly macro: string | undefined;
}[] = Object.entries(templateNames).map(([field, metric]) => ({
  field,
  metric,
  macro: field === 'SSL' || withoutMacro.includes(field) ? undefined : metric.replaceAll(/[._]/g, ''),
}));

const defaultJsonNames = {
  timing: metricNames('timing', timings),
  timingOfContent: metricNames('timing.content_type', contentTypes),
  response: metricNames('byte.response', responseBytes),
  responseOfContent: metricNames('byte.response.content_type', contentTypes),
  counter: metricNames('counter', counters),
  counterOfContent: metricNames('counter.content_type', contentTypes),
  score: metricNames('score', ['SpeedIndex']),
} as const;

/** @param summary - the Summary of Catchpoint's default JSON */
export function extrasOfDefaultJson(summary: unknown): Extra[] {
  const timing = member(summary, 'Timing');
  const response = member(member(summary, 'Byte'), 'Response');
  const counter = member(summary, 'Counter');
  const extras: Extra[] = [];
  add(extras, timing, defaultJsonNames.timing);
  add(extras, member(timing, 'ContentType'), defaultJsonNames.timingOfContent);
  add(extras, response, defaultJsonNames.response);
  add(extras, member(response, 'ContentType'), defaultJsonNames.responseOfContent);
  add(extras, counter, defaultJsonNames.counter);
  add(extras, member(counter, 'ContentType'), defaultJsonNames.counterOfContent);
  add(extras, member(summary, 'Score'), defaultJsonNames.score);
  return extras;
}

const templateMetricNames: MetricNames = Object.entries(templateNames);

export function extrasOfTemplate(fields: unknown): Extra[] {
  const extras: Extra[] = [];
  add(extras, fields, templateMetricNames);
  return extras;
}

function add(extras: Extra[], values: unknown, names: MetricNames): void {
  if (typeof values !== 'object' || values === null) return;
  for (const [key, name] of names) {
    const number = quantity(member(values, key));
    if (number !== undefined) extras.push([name, number]);
  }
}

function metricNames(prefix: string, members: readonly string[]): MetricNames {
  return members.map((name) => [name, `${prefix}.${snake(name)}`]);
}

/** DocumentComplete → document_complete */
function snake(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
}
