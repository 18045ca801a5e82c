// promtool from Debian's package of Prometheus, which checks metrics and rules.

import { spawn } from 'node:child_process';
import { debianTool } from './debian-packages.ts';

const findBinary = debianTool({ package: 'prometheus', binary: 'promtool', variable: 'PROMTOOL' });

export interface PromtoolResult {
  readonly exitCode: number | null;
  readonly printed: string;
}

/** @param input - its standard input */
export async function promtool(args: readonly string[], input = ''): Promise<PromtoolResult> {
  const child = spawn(await findBinary(), args);
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => void (printed += text));
  child.stdin.end(input);
  const exitCode = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  return { exitCode, printed };
}
