// What the lines that came back on a telnet connection, while a batch was read, say about its points.

import type { DataPoint } from '../../../model/point.ts';
import type { Ruling, Verdict } from '../../../model/sink.ts';
import { classOf } from '../error-class.ts';
import { NoVerdict, quoted } from '../no-verdict.ts';

/**
 * The verdict on a batch. OpenTSDB names what it does not know, so that those points can be told: they are rejected. A
 * storage error names no point, and may be about an earlier batch: the whole of this one is kept, and sent again.
 *
 * @throws NoRuling when puts are not taken at all: read-only mode, or no leave to write
 */
export function verdictOfLines(points: readonly DataPoint[], lines: readonly string[]): Verdict {
  const closed = lines.find((line) =>
    /^unknown command: put\b|Unauthenticated command|Unauthorized command|^AUTH_FAIL/.test(line),
  );
  if (closed !== undefined) throw new NoVerdict(`answered ${quoted(closed)}`);
  const rejected: Ruling[] = [];
  const others: DataPoint[] = [];
  for (const point of points) {
    const reason = lines.find((line) => isUnknownTo(line, point));
    if (reason === undefined) others.push(point);
    else rejected.push({ point, reason });
  }
  const failure = lines.find((line) => line.startsWith('put: ') && isOfStorage(line.slice('put: '.length)));
  return { rejected, kept: failure === undefined ? [] : others.map((point) => ({ point, reason: failure })) };
}

/** `illegal argument` and `invalid value` are about a point that should not have been sent; which one, nobody can tell. */
function isOfStorage(words: string): boolean {
  return !/^(illegal argument|invalid value|unknown metric)/.test(words) && classOf(words) === 'storage';
}

/** `put: unknown metric: No such name for 'metrics': 'x'`, and the same with tagk and tagv. */
function isUnknownTo(line: string, { metric, tags }: DataPoint): boolean {
  const [, kind, name] = /^put: unknown metric: No such name for '(\w+)': '(.*)'$/.exec(line) ?? [];
  if (name === undefined) return false;
  if (kind === 'metrics') return name === metric;
  return (kind === 'tagk' ? Object.keys(tags) : Object.values(tags)).includes(name);
}
