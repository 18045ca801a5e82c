// Opens the administration to the commands: a token that is new at each start, and the file that tells it.

import { randomBytes } from 'node:crypto';
import type Router from '@koa/router';
import type { Log } from '../runtime/log.ts';
import { adminFileOf, removeAdminFile, writeAdminFile } from './admin-file.ts';
import type { Administration } from './administration.ts';
import { adminRoutes, type AdminRoutesOptions } from './routes.ts';

export interface AdminEndpoint {
  mount(router: Router): void;
  /** Tells the commands where to knock; a file that cannot be written keeps nobody from taking pushes. */
  open(url: string): Promise<void>;
  /** Takes the file away, and ends the answers that are under way. */
  close(): Promise<void>;
}

export interface AdminEndpointOptions extends Pick<AdminRoutesOptions, 'reload'> {
  readonly administration: Administration;
  readonly stateDir: string;
  readonly log: Log;
}

/** To be made by the owner of the state directory: what an earlier one has left is removed. */
export async function adminEndpoint({
  administration,
  stateDir,
  log,
  reload,
}: AdminEndpointOptions): Promise<AdminEndpoint> {
  const token = randomBytes(32).toString('base64url');
  const ended = new AbortController();
  await removeAdminFile(stateDir);
  return {
    mount: (router) => adminRoutes(router, { administration, token, reload, ended: ended.signal }),
    async open(url) {
      try {
        await writeAdminFile(stateDir, { url, token });
      } catch (error) {
        const reason = (error as Error).message;
        log.warn(
          { file: adminFileOf(stateDir), reason },
          'commands cannot reach this process: its address cannot be written',
        );
      }
    },
    async close() {
      ended.abort();
      await removeAdminFile(stateDir);
    },
  };
}
