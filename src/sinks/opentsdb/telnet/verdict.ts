// Derives the verdict on a telnet batch from the lines that arrived before the answer to its `version`.

import type { DataPoint } from '../../../model/point.ts';
import type { Ruling, Verdict } from '../../../model/sink.ts';
import { errorClassOf } from '../error-class.ts';
import { NoVerdict, quoted } from '../../no-verdict.ts';

/**
 * Rejects the points whose names a line calls unknown. Keeps all others after a storage error: it names no point, and may
 * concern an earlier batch.
 *
 * @throws NoVerdict when puts are refused altogether: read-only mode or missing permission
 */
export function verdictOfLines(points: readonly DataPoint[], lines: readonly string[]): Verdict {
  const refusal = lines.find((line) =>
    /^unknown command: put\b|Unauthenticated command|Unauthorized command|^AUTH_FAIL/.test(line),
  );
  if (refusal !== undefined) throw new NoVerdict(`answered ${quoted(refusal)}`);
  const rejected: Ruling[] = [];
  const others: DataPoint[] = [];
  for (const point of points) {
    const reason = lines.find((line) => namesUnknownIn(line, point));
    if (reason === undefined) others.push(point);
    else rejected.push({ point, reason });
  }
  const failure = lines.find((line) => line.startsWith('put: ') && isStorageError(line.slice('put: '.length)));
  return { rejected, kept: failure === undefined ? [] : others.map((point) => ({ point, reason: failure })) };
}

/** `illegal argument` and `invalid value` concern a single point, which they do not name. */
function isStorageError(message: string): boolean {
  return !/^(illegal argument|invalid value|unknown metric)/.test(message) && errorClassOf(message) === 'storage';
}

/** Matches `put: unknown metric: No such name for 'metrics': 'x'`, and the same with tagk and tagv. */
function namesUnknownIn(line: string, { metric, tags }: DataPoint): boolean {
  const [, kind, name] = /^put: unknown metric: No such name for '(\w+)': '(.*)'$/.exec(line) ?? [];
  if (name === undefined) return false;
  if (kind === 'metrics') return name === metric;
  return (kind === 'tagk' ? Object.keys(tags) : Object.values(tags)).includes(name);
}
