// Prometheus' own judge of metrics and rules, out of Debian's package.

import { spawn } from 'node:child_process';
import { debianTool } from './debian-tool.ts';

/** Another one can be named in $PROMTOOL. */
const findBinary = debianTool({ package: 'prometheus', binary: 'promtool', variable: 'PROMTOOL' });

export interface Judged {
  readonly exitCode: number | null;
  /** All that it has printed. */
  readonly said: string;
}

/** Runs promtool with what it is to read on its standard input. */
export async function promtool(args: readonly string[], input = ''): Promise<Judged> {
  const child = spawn(await findBinary(), args);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => void (said += text));
  child.stdin.end(input);
  const exitCode = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  return { exitCode, said };
}
