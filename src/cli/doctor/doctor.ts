// `doctor`: examines everything that the bridge needs, and says of each what it found and what to do about it.

import { type ConfigRead, WrongConfiguration } from '../../config/config.ts';
import { doubtful, type FaultCode, faulty, fine, type Finding, type Grade } from '../probes/finding.ts';
import { shown } from '../plain-text.ts';

/** Examines something; does not throw for what it finds. */
export type Check = (read: ConfigRead) => Promise<readonly Finding[]>;

export interface DoctorOptions {
  /** Throws WrongConfiguration. */
  readonly read: () => ConfigRead;
  readonly examinations: readonly Check[];
  readonly write: (text: string) => void;
  /** One JSON object in place of text for people. */
  readonly json: boolean;
}

/** Of several classes of faults the first one that there is decides: what it is about must be right for the others to be. */
const order: readonly FaultCode[] = [78, 74, 77, 69];

/** Resolves with the exit code: 0 without a fault, else that of its class. */
export async function doctor({ read, examinations, write, json }: DoctorOptions): Promise<number> {
  const findings = await examined(read, examinations);
  const exitCode =
    order.find((code) => findings.some((finding) => finding.grade === 'fault' && finding.code === code)) ?? 0;
  write(json ? `${JSON.stringify({ exitCode, findings }, undefined, 2)}\n` : described(findings));
  return exitCode;
}

async function examined(read: () => ConfigRead, examinations: readonly Check[]): Promise<Finding[]> {
  const configuration = configurationOf(read);
  if ('faults' in configuration) return configuration.faults;
  const { found } = configuration;
  const others = await Promise.all(examinations.map((examine) => examine(found)));
  return [...warningsOf(found), ...others.flat()];
}

function configurationOf(read: () => ConfigRead): { readonly found: ConfigRead } | { readonly faults: Finding[] } {
  try {
    return { found: read() };
  } catch (error) {
    if (!(error instanceof WrongConfiguration)) throw error;
    const advice = 'set it right; nothing else is examined before';
    return { faults: error.message.split('\n').map((line) => faulty('configuration', line, 78, advice)) };
  }
}

function warningsOf({ warnings, origins }: ConfigRead): Finding[] {
  const set = origins.filter(({ origin }) => origin !== 'default').length;
  const advice = 'it is probably not meant as it stands: `check` prints what is in effect and whence';
  if (warnings.length === 0) return [fine('configuration', `${set} settings beside the defaults`)];
  return warnings.map((warning) => doubtful('configuration', warning, advice));
}

const shownGrades: Readonly<Record<Grade, string>> = { ok: 'ok', warning: 'WARNING', fault: 'FAULT', unknown: '-' };

function described(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.flatMap(({ what, grade, words, advice }) => [
    `${shownGrades[grade].padEnd(8)} ${what.padEnd(width)}  ${shown(words)}`,
    ...(advice === undefined ? [] : [`${' '.repeat(9)}${' '.repeat(width)}  → ${shown(advice)}`]),
  ]);
  return `${lines.join('\n')}\n\n${summary(findings)}\n`;
}

function summary(findings: readonly Finding[]): string {
  const count = (grade: Grade): number => findings.filter((finding) => finding.grade === grade).length;
  return `faults: ${count('fault')}, warnings: ${count('warning')}, not examined: ${count('unknown')}`;
}
