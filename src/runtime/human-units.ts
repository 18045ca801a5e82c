// Formats sizes and ages as human-readable text.

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Examples: 812 B, 1.5 MiB, 4 GiB. */
export function formatBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${Number((bytes / 2 ** (10 * power)).toFixed(1))} ${units[power]}`;
}

/** The time from one instant to another in whole units, such as 3 s, 5 min, 7 h or 12 days. */
export function formatAge(fromMs: number, toMs: number): string {
  const seconds = Math.max(0, Math.floor((toMs - fromMs) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}
