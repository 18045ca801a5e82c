// The switches that leave faults out: BRIDGE_FAULTS=off all of them, BRIDGE_FAULTS_WITHOUT=F11,power single rows. What is left
// out is called so, and is never among what was held.

/** Of these names, comma-separated; a name that is none is an error. */
export const rowsSwitch = 'BRIDGE_FAULTS_WITHOUT';
/** Set to `off`. */
export const allSwitch = 'BRIDGE_FAULTS';
/** A row of no scenario: that to another user nothing is permitted. */
export const otherUser = 'other-user';

type Env = Readonly<Record<string, string | undefined>>;

/** Which switch leaves the row out, in words; undefined: it is played. */
export function leftOut(row: string, env: Env): string | undefined {
  if (env[allSwitch] === 'off') return `left out by ${allSwitch}`;
  return rowsLeftOut(env).includes(row) ? `left out by ${rowsSwitch}` : undefined;
}

/** @throws Error when a row is to be left out that there is not */
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
