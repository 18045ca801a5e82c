// Writes dead letters to a file or a stream, whole, a line of JSON each.

import { open, rename, rm } from 'node:fs/promises';
import type { Administration } from '../../admin/administration.ts';
import type { LetterQuery } from '../../admin/letter-query.ts';

export interface LetterExport {
  readonly administration: Administration;
  readonly query: LetterQuery;
  /** `-`: to `write`. */
  readonly file: string;
  readonly write: (text: string) => Promise<void>;
}

const ioError = 74;
/** So much is written at once. */
const pieceLength = 262_144;

/** The file is there when it is complete and on disk, and not before. */
export async function exportLetters({ administration, query, file, write }: LetterExport): Promise<number> {
  const letters = administration.letters(query, { withInput: true });
  if (file === '-') {
    for await (const letter of letters) await write(`${JSON.stringify(letter)}\n`);
    return 0;
  }
  const partial = `${file}.partial`;
  const handle = await open(partial, 'w', 0o600).catch((error: Error) => {
    throw Object.assign(error, { exitCode: ioError });
  });
  let count = 0;
  let piece = '';
  try {
    for await (const letter of letters) {
      piece += `${JSON.stringify(letter)}\n`;
      count += 1;
      if (piece.length < pieceLength) continue;
      await handle.appendFile(piece);
      piece = '';
    }
    await handle.appendFile(piece);
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
