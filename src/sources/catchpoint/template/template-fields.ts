// The template to paste into Catchpoint: its fields, the macros that give them, and what each is read as.

import { templateExtras } from '../extra-metrics.ts';
import { asNumber, finiteNumber, positiveInteger, quantity } from '../fields.ts';
import { timestampMs } from '../timestamp.ts';

export interface TemplateField {
  readonly name: string;
  /** Without the dollar and the braces; undefined where Catchpoint has none. */
  readonly macro: string | undefined;
  /** What it is for, such as `by_asn without the directory`. */
  readonly purpose: string;
  /** Without it no body is a push. */
  readonly isRequired: boolean;
  /** What a value has to be, in words; undefined when it is all right. An empty one was not measured, and is not asked about. */
  readonly fault: (value: unknown) => string | undefined;
}

export interface TemplateChoice {
  readonly timings: boolean;
  /** Labels that are wanted as tags. */
  readonly labels: readonly string[];
}

const templateSchema = 'cp-tsdb-1';

/** Members that nothing reads, and nobody need wonder at. */
export const idleMembers = ['schema', 'ReportWindow'];

const anything = (): undefined => undefined;
const id = (value: unknown): string | undefined =>
  positiveInteger(value) === undefined ? 'an integer from 1 to 2^53-1' : undefined;
const number = (value: unknown): string | undefined => (finiteNumber(value) === undefined ? 'a number' : undefined);
const measured = (value: unknown): string | undefined =>
  quantity(value) === undefined ? 'a number from 0 to 10^12' : undefined;
const as = (value: unknown): string | undefined =>
  asNumber(value) === undefined ? 'the number of an autonomous system' : undefined;
const time = (value: unknown): string | undefined =>
  timestampMs(value) === undefined ? 'yyyyMMddHHmmssfff in UTC' : undefined;
const flag = (value: unknown): string | undefined =>
  /^(0|1|true|false)$/i.test(String(value)) ? undefined : 'True or False';

type Row = readonly [name: string, macro: string, purpose: string, fault: (value: unknown) => string | undefined];

const always: readonly Row[] = [
  ['TestId', 'testid', 'the test', id],
  ['TestName', 'testname', 'the tag testname, and what people see', anything],
  ['TypeId', 'testtypeid', "a ping's own RTT", number],
  ['MonitorTypeId', 'monitortypeid', 'telling runs of a test apart', number],
  ['NodeId', 'nodeid', 'the node', id],
  ['NodeName', 'nodename', 'what people see', anything],
  ['Asn', 'asn', 'the AS that the run went out from', as],
  ['DivisionId', 'divisionid', 'telling runs of divisions apart', id],
  ['ClientId', 'clientid', 'telling runs of clients apart', id],
  ['Timestamp', 'timestamp', "the run's time to the millisecond", time],
  ['TimestampEpoch', 'timestampepoch', "the run's time where Timestamp is missing", measured],
  ['Total', 'timingtotal', 'the RTT', measured],
  ['PingRttAvg', 'pingroundtriptimeavg', "a ping's RTT", measured],
  ['ErrorCode', 'errorcode', "the error tag, and a failed run's status", anything],
  ['ErrorDns', 'errordns', "a failed run's status", flag],
  ['ErrorConnection', 'errorconnection', "a failed run's status", flag],
  ['ErrorSsl', 'errorssl', "a failed run's status", flag],
  ['ErrorLoad', 'errorload', "a failed run's status", flag],
  ['ErrorTimeout', 'errortimeout', "a failed run's status", flag],
  ['ErrorTransaction', 'errortransaction', "a failed run's status", flag],
  ['ErrorSystemLimit', 'errorsystemlimit', "a failed run's status", flag],
];

const withTimings: readonly Row[] = [
  ['PingLossPct', 'pingpacketlosspct', 'ping.loss_pct', measured],
  ['ErrorAny', 'errorany', 'content_error', flag],
  ['ErrorLoadObjects', 'errorloadobjects', 'content_error', flag],
];

const required = ['TestId', 'NodeId', 'Timestamp'];

/** The fields of the template for the metrics that are chosen, in its order; labels apart, for which there is no macro. */
export function templateFields({ timings }: Pick<TemplateChoice, 'timings'>): TemplateField[] {
  const rows = timings ? [...always, ...withTimings] : always;
  const extras = timings ? templateExtras.filter(({ macro }) => macro !== undefined) : [];
  return [
    ...rows.map(([name, macro, purpose, fault]) => ({
      name,
      macro,
      purpose,
      fault,
      isRequired: required.includes(name),
    })),
    ...extras.map(({ field, macro, metric }) => ({
      name: field,
      macro,
      purpose: metric,
      fault: measured,
      isRequired: false,
    })),
  ];
}

/** Every name that the bridge reads in a flat body. */
export function readableNames(): string[] {
  return [
    ...templateFields({ timings: true }).map(({ name }) => name),
    ...templateExtras.map(({ field }) => field),
    'Labels',
    ...idleMembers,
  ];
}

/** The template's text: JSON, with a macro for each value; labels stand there empty, since Catchpoint has no macro for them. */
export function templateText(choice: TemplateChoice): string {
  const fields = templateFields(choice).map(({ name, macro }) => [name, `\${${macro}}`]);
  const labels =
    choice.labels.length === 0 ? {} : { Labels: Object.fromEntries(choice.labels.map((label) => [label, ''])) };
  return `${JSON.stringify({ schema: templateSchema, ...Object.fromEntries(fields), ...labels }, undefined, 2)}\n`;
}
