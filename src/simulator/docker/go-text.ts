// Times, durations and versions as the engine, a Go program, writes them.

/** RFC 3339 with nanoseconds, without zeros at the end. */
export function goTime(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  const fraction = (ns % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** Go's zero time: of what never happened. */
export const zeroTime = '0001-01-01T00:00:00Z';

/** A duration as `docker ps` shows it (docker/go-units, duration.go). */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.round(seconds / 3600)];
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}

/** Whether an API version such as `1.41` is the other or a later one. */
export function isAtLeast(version: string, other: string): boolean {
  return minorOf(version) >= minorOf(other);
}

function minorOf(version: string): number {
  return Number(version.split('.')[1] ?? 0);
}
