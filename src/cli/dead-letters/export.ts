// `dead-letters export`: writes whole letters to a file or to standard output, a line of JSON each.

import { open, rename, rm } from 'node:fs/promises';
import { exitCodes } from '../exit-codes.ts';
import type { LettersOptions } from './dead-letters.ts';

export interface ExportOptions extends Omit<LettersOptions, 'json'> {
  /** `-` is standard output. */
  readonly file: string;
}

const bufferedCharacters = 262_144;

/** Renames the file into place once it is complete and synced. */
export async function exportLetters({ administration, query, file, write }: ExportOptions): Promise<number> {
  const letters = administration.letters(query, { withInput: true });
  if (file === '-') {
    for await (const letter of letters) await write(`${JSON.stringify(letter)}\n`);
    return 0;
  }
  const partial = `${file}.partial`;
  const handle = await open(partial, 'w', 0o600).catch((error: Error) => {
    throw Object.assign(error, { exitCode: exitCodes.ioError });
  });
  let count = 0;
  let buffered = '';
  try {
    for await (const letter of letters) {
      buffered += `${JSON.stringify(letter)}\n`;
      count += 1;
      if (buffered.length < bufferedCharacters) continue;
      await handle.appendFile(buffered);
      buffered = '';
    }
    await handle.appendFile(buffered);
    await handle.sync();
  } catch (error) {
    await handle.close();
    await rm(partial, { force: true });
    throw error;
  }
  await handle.close();
  await rename(partial, file);
  await write(`${count} dead letters written to ${file}\n`);
  return 0;
}
