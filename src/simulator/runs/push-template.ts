// A run as Catchpoint renders it into the bridge's own template: flat, every value a text, "" for what was not measured.

import { catchpointTime, clientId, divisionId, reportWindow } from './push-body.ts';
import type { Run } from './run.ts';

/** The rendered template, as text. */
export function templateText(run: Run): string {
  return JSON.stringify(templateBody(run));
}

/** The rendered template. */
export function templateBody(run: Run): Readonly<Record<string, string>> {
  const { test, node, timeMs, ping } = run;
  const timing: Readonly<Record<string, number>> = run.timing;
  return {
    schema: 'cp-tsdb-1',
    TestId: String(test.id),
    TestName: test.name,
    TypeId: String(test.typeId),
    MonitorTypeId: String(test.monitorTypeId),
    NodeId: String(node.id),
    NodeName: node.name,
    Asn: measured(node.asn),
    DivisionId: String(divisionId),
    ClientId: String(clientId),
    ReportWindow: reportWindow(timeMs),
    Timestamp: catchpointTime(timeMs),
    TimestampEpoch: String(Math.floor(timeMs / 1000)),
    Total: String(timing['Total']),
    Dns: measured(timing['Dns']),
    Connect: measured(timing['Connect']),
    Ssl: measured(timing['Ssl']),
    Wait: measured(timing['Wait']),
    Load: measured(timing['Load']),
    PingRttAvg: measured(ping?.averageMs),
    PingLossPct: measured(ping?.lossPct),
    ...errors(run),
  };
}

function measured(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}

function errors({ failure, isPartMissing }: Run): Record<string, string> {
  const flag = (isSet: boolean): string => (isSet ? 'True' : 'False');
  return {
    ErrorAny: flag(failure !== undefined || isPartMissing),
    ErrorCode: measured(failure?.code),
    ErrorDns: flag(failure?.flag === 'Dns'),
    ErrorConnection: flag(failure?.flag === 'Connection'),
    ErrorSsl: failure?.flag === 'Ssl' ? 'True' : '',
    ErrorLoad: 'False',
    ErrorTimeout: flag(failure?.flag === 'Timeout'),
    ErrorTransaction: flag(failure?.flag === 'Transaction'),
    ErrorSystemLimit: '',
    ErrorLoadObjects: flag(isPartMissing),
  };
}
