// Recognizes the errors of a full disk or a full spool.

import { SpoolFull } from '../spool-full.ts';

export function isSpaceError(error: unknown): boolean {
  return error instanceof SpoolFull || ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}
