// The switches that skip faults: BRIDGE_FAULTS=off all of them, BRIDGE_FAULTS_WITHOUT=F11,power single rows. A skipped
// row is reported as left out, and never as held.

/** Comma-separated rows; an unknown one is an error. */
export const rowsSwitch = 'BRIDGE_FAULTS_WITHOUT';
/** `off` skips all faults. */
export const allSwitch = 'BRIDGE_FAULTS';
/** A row without a scenario: tests that need a second user. */
export const otherUser = 'other-user';

type Env = Readonly<Record<string, string | undefined>>;

/** Returns the switch that skips the row; undefined if it is played. */
export function leftOut(row: string, env: Env): string | undefined {
  if (env[allSwitch] === 'off') return `left out by ${allSwitch}`;
  return rowsLeftOut(env).includes(row) ? `left out by ${rowsSwitch}` : undefined;
}

/** @throws Error if a switch names an unknown row */
export function requireKnownRows(env: Env, rows: readonly string[]): void {
  const known = [...rows, otherUser];
  const unknown = rowsLeftOut(env).filter((row) => !known.includes(row));
  if (unknown.length > 0)
    throw new Error(`${rowsSwitch}: there is no ${unknown.join(', no ')}; there are ${known.join(', ')}`);
}

function rowsLeftOut(env: Env): string[] {
  return (env[rowsSwitch] ?? '')
    .split(',')
    .map((row) => row.trim())
    .filter((row) => row !== '');
}
