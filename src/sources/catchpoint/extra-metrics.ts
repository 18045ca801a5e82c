// The measurements of a run beyond its round trip: which timings, byte counts and counters there are, and what their
// metrics are called. A closed list, so that no sender can make up metrics.

import { member, quantity } from './fields.ts';

/** The middle of a metric's name, such as `timing.dns`, and the value: ms, bytes, a count or per cent. */
export type Extra = readonly [name: string, value: number];

/** Members of Summary.Timing, all in milliseconds, Total apart; most are attested by name as template macros only. */
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

/** Keys of the flat templates: ours, and those that Grafana's spells in its own way. */
const templateNames: Readonly<Record<string, string>> = {
  Dns: 'timing.dns',
  Connect: 'timing.connect',
  Ssl: 'timing.ssl',
  SSL: 'timing.ssl',
  Send: 'timing.send',
  Wait: 'timing.wait',
  Load: 'timing.load',
  ContentLoad: 'timing.content_load',
  Redirect: 'timing.redirect',
  Client: 'timing.client',
  DocumentComplete: 'timing.document_complete',
  RenderStart: 'timing.render_start',
  ResponseContent: 'byte.response.content',
  ResponseHeaders: 'byte.response.headers',
  TotalContent: 'byte.response.total_content',
  TotalHeaders: 'byte.response.total_headers',
  ...Object.fromEntries(
    contentTypes.map((type) => [`${type}ContentType`, `byte.response.content_type.${snake(type)}`]),
  ),
  ...Object.fromEntries(contentTypes.map((type) => [`${type}Count`, `counter.content_type.${snake(type)}`])),
  ...Object.fromEntries(timings.map((name) => [name, `timing.${snake(name)}`])),
  ResponseSelfZone: 'byte.response.self_zone',
  ...Object.fromEntries(counters.map((name) => [`Counter${name}`, `counter.${snake(name)}`])),
  SpeedIndex: 'score.speed_index',
};

/** Members of Summary.Timing for which no template macro is attested, and the one counter of a content type without. */
const withoutMacro = [
  'FirstPaintTime',
  'FirstContentfulPaintTime',
  'TimeToInteractive',
  'VisuallyCompleteTime',
  'OtherCount',
];

/** The keys of a flat template that are read as extras, each with the macro that gives it, where one is attested. */
export const templateExtras: readonly {
  readonly field: string;
  readonly metric: string;
  readonly macro: string | undefined;
}[] = Object.entries(templateNames).map(([field, metric]) => ({
  field,
  metric,
  macro: field === 'SSL' || withoutMacro.includes(field) ? undefined : metric.replaceAll(/[._]/g, ''),
}));

/** The members of an object, each with the name of its metric. */
type Named = readonly (readonly [member: string, name: string])[];

const named = (prefix: string, members: readonly string[]): Named =>
  members.map((name) => [name, `${prefix}.${snake(name)}`]);

const defaultJsonNames = {
  timing: named('timing', timings),
  timingOfContent: named('timing.content_type', contentTypes),
  response: named('byte.response', responseBytes),
  responseOfContent: named('byte.response.content_type', contentTypes),
  counter: named('counter', counters),
  counterOfContent: named('counter.content_type', contentTypes),
  score: named('score', ['SpeedIndex']),
} as const;

/** Reads them out of the Summary of Catchpoint's default JSON. */
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

const templateMembers: Named = Object.entries(templateNames);

/** Reads them out of a flat template. */
export function extrasOfTemplate(fields: unknown): Extra[] {
  const extras: Extra[] = [];
  add(extras, fields, templateMembers);
  return extras;
}

function add(extras: Extra[], values: unknown, names: Named): void {
  if (typeof values !== 'object' || values === null) return;
  for (const [key, name] of names) {
    const number = quantity(member(values, key));
    if (number !== undefined) extras.push([name, number]);
  }
}

/** DocumentComplete → document_complete */
function snake(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
}
