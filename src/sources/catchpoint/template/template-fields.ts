// The bridge's template for Catchpoint: its fields, their macros, and the expected values.

import { templateExtras } from '../extra-metrics.ts';
import { asNumber, finiteNumber, positiveInteger, quantity } from '../fields.ts';
import { timestampMs } from '../timestamp.ts';

export interface TemplateField {
  readonly name: string;
  /** Without `${` and `}`. */
  readonly macro: string;
  /** The purpose of the field, such as `the RTT`. */
  readonly purpose: string;
  /** Describes a valid value when the given one is invalid. Undefined when it is valid. */
  readonly expectation: (value: unknown) => string | undefined;
}

export interface TemplateChoice {
  readonly timings: boolean;
  /** The labels that become tags. */
  readonly labels: readonly string[];
}

const templateSchema = 'cp-tsdb-1';

/** Members that the bridge does not read, and that are not reported as unknown. */
export const ignoredMembers = ['schema', 'ReportWindow'];

type Expectation = TemplateField['expectation'];

function expecting(expected: string, parse: (value: unknown) => unknown): Expectation {
  return (value) => (parse(value) === undefined ? expected : undefined);
}

const anything: Expectation = () => undefined;
const id = expecting('an integer from 1 to 2^53-1', positiveInteger);
const number = expecting('a number', finiteNumber);
const measured = expecting('a number from 0 to 10^12', quantity);
const as = expecting('the number of an autonomous system', asNumber);
const time = expecting('yyyyMMddHHmmssfff in UTC', timestampMs);
const flag: Expectation = (value) => (/^(0|1|true|false)$/i.test(String(value)) ? undefined : 'True or False');

type Row = readonly [name: string, macro: string, purpose: string, expectation: Expectation];

const commonRows: readonly Row[] = [
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

const timingRows: readonly Row[] = [
  ['PingLossPct', 'pingpacketlosspct', 'ping.loss_pct', measured],
  ['ErrorAny', 'errorany', 'content_error', flag],
  ['ErrorLoadObjects', 'errorloadobjects', 'content_error', flag],
  ...templateExtras.flatMap(({ field, macro, metric }): Row[] =>
    macro === undefined ? [] : [[field, macro, metric, measured]],
  ),
];

/** The fields of the template in its order, without the labels, for which Catchpoint has no macro. */
export function templateFields({ timings }: Pick<TemplateChoice, 'timings'>): TemplateField[] {
  const rows = timings ? [...commonRows, ...timingRows] : commonRows;
  return rows.map(([name, macro, purpose, expectation]) => ({ name, macro, purpose, expectation }));
}

/** Every name that the bridge reads or ignores in a flat body. */
export function readableNames(): string[] {
  return [
    ...templateFields({ timings: true }).map(({ name }) => name),
    ...templateExtras.map(({ field }) => field),
    'Labels',
    ...ignoredMembers,
  ];
}

/** JSON with a macro for each field. The labels are empty texts, to be filled in by hand. */
export function templateText(choice: TemplateChoice): string {
  const fields = templateFields(choice).map(({ name, macro }) => [name, `\${${macro}}`]);
  const labels =
    choice.labels.length === 0 ? {} : { Labels: Object.fromEntries(choice.labels.map((label) => [label, ''])) };
  return `${JSON.stringify({ schema: templateSchema, ...Object.fromEntries(fields), ...labels }, undefined, 2)}\n`;
}
