// Renders a run into the bridge's own template: flat, every value a string, "" if not measured.

import { catchpointTime, clientId, divisionId, reportWindow } from './push-body.ts';
import type { Run } from './run.ts';

export function templateText(run: Run): string {
  return JSON.stringify(templateBody(run));
}

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
    Asn: textOf(node.asn),
    DivisionId: String(divisionId),
    ClientId: String(clientId),
    ReportWindow: reportWindow(timeMs),
    Timestamp: catchpointTime(timeMs),
    TimestampEpoch: String(Math.floor(timeMs / 1000)),
    Total: String(timing['Total']),
    Dns: textOf(timing['Dns']),
    Connect: textOf(timing['Connect']),
    Ssl: textOf(timing['Ssl']),
    Wait: textOf(timing['Wait']),
    Load: textOf(timing['Load']),
    PingRttAvg: textOf(ping?.averageMs),
    PingLossPct: textOf(ping?.lossPct),
    ...errorFields(run),
  };
}

function textOf(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}

function errorFields({ failure, hasContentError }: Run): Record<string, string> {
  const flag = (isSet: boolean): string => (isSet ? 'True' : 'False');
  return {
    ErrorAny: flag(failure !== undefined || hasContentError),
    ErrorCode: textOf(failure?.code),
    ErrorDns: flag(failure?.flag === 'Dns'),
    ErrorConnection: flag(failure?.flag === 'Connection'),
    ErrorSsl: failure?.flag === 'Ssl' ? 'True' : '',
    ErrorLoad: 'False',
    ErrorTimeout: flag(failure?.flag === 'Timeout'),
    ErrorTransaction: flag(failure?.flag === 'Transaction'),
    ErrorSystemLimit: '',
    ErrorLoadObjects: flag(hasContentError),
  };
}
