// `doctor`: checks everything that the bridge needs, and prints each finding with its remedy.

import { type Command, InvalidArgumentError } from 'commander';
import { type ConfigRead, WrongConfiguration } from '../config/config.ts';
import {
  type Check,
  type CheckContext,
  fault,
  type FaultCode,
  type Finding,
  type Grade,
  ok,
  warning,
} from './checks/finding.ts';
import type { BindAction, CommandContext } from './command-context.ts';
import { loadConfig } from './load-config.ts';
import { flagsOf, withSettings } from './setting-options.ts';
import { printable } from './terminal-text.ts';

export function define(command: Command, bind: BindAction): void {
  withSettings(command)
    .description('examine everything that the bridge needs, and say what to do about what is wrong')
    .option('--push-url <url>', "the push URL as it stands in Catchpoint's webhook: is tried from here", pushUrl)
    .option('--json', 'for programs')
    .action(bind(doctorAction));
}

/** The error does not quote the URL, which may have a token in it. */
function pushUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('expected a URL such as https://bridge.example/catchpoint/TOKEN');
  return text;
}

async function doctorAction(command: Command, context: CommandContext): Promise<number> {
  const { env, stdout } = context;
  const { json = false, pushUrl } = command.opts<{ readonly json?: boolean; readonly pushUrl?: string }>();
  const { checkContext, doctorChecks } = await import('./checks/all-checks.ts');
  return doctor({
    read: () => loadConfig(flagsOf(command), env, { needsNodes: false }),
    checks: doctorChecks,
    context: checkContext(context, pushUrl),
    write: (text) => stdout.write(text),
    json,
  });
}

export interface DoctorOptions {
  /** Throws WrongConfiguration. */
  readonly read: () => ConfigRead;
  readonly checks: readonly Check[];
  readonly context: CheckContext;
  readonly write: (text: string) => void;
  /** Writes one JSON object in place of text for people. */
  readonly json: boolean;
}

/** The first class with a fault is the exit code: its cause may be the cause of faults in the later ones. */
const faultOrder: readonly FaultCode[] = [78, 74, 77, 69];

/** Resolves with the exit code: 0 without a fault. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const { write, json } = options;
  const findings = await allFindings(options);
  const codes = findings.map(({ code }) => code);
  const exitCode = faultOrder.find((code) => codes.includes(code)) ?? 0;
  write(json ? `${JSON.stringify({ exitCode, findings }, undefined, 2)}\n` : report(findings));
  return exitCode;
}

async function allFindings({ read, checks, context }: DoctorOptions): Promise<Finding[]> {
  let configRead: ConfigRead;
  try {
    configRead = read();
  } catch (error) {
    if (!(error instanceof WrongConfiguration)) throw error;
    const advice = 'set it right; nothing else is examined before';
    return error.message.split('\n').map((line) => fault('configuration', line, 78, advice));
  }
  const findings = await Promise.all(checks.map((check) => check(configRead, context)));
  return [...configurationFindings(configRead), ...findings.flat()];
}

function configurationFindings({ warnings, origins }: ConfigRead): Finding[] {
  const set = origins.filter(({ origin }) => origin !== 'default').length;
  if (warnings.length === 0) return [ok('configuration', `${set} settings beside the defaults`)];
  const advice = 'it is probably not meant as it stands: `check` prints what is in effect and whence';
  return warnings.map((text) => warning('configuration', text, advice));
}

const gradeText: Readonly<Record<Grade, string>> = { ok: 'ok', warning: 'WARNING', fault: 'FAULT', unknown: '-' };

function report(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.flatMap(({ what, grade, words, advice }) => [
    `${gradeText[grade].padEnd(8)} ${what.padEnd(width)}  ${printable(words)}`,
    ...(advice === undefined ? [] : [`${' '.repeat(9)}${' '.repeat(width)}  → ${printable(advice)}`]),
  ]);
  const count = (grade: Grade): number => findings.filter((finding) => finding.grade === grade).length;
  const summary = `faults: ${count('fault')}, warnings: ${count('warning')}, not examined: ${count('unknown')}`;
  return `${lines.join('\n')}\n\n${summary}\n`;
}
