// Requests that were refused before their bodies were read, by reason, for the status page.

import type { AccessStatus } from './access-control.ts';

export function refusalCounts({
  authentication,
  requests,
  connections,
}: Pick<AccessStatus, 'authentication' | 'requests' | 'connections'>): Readonly<Record<string, number>> {
  return {
    unauthenticated: authentication.unauthenticated,
    awaiting: authentication.awaiting,
    crowded: requests.overAll,
    overSender: requests.overSender,
    disconnected: connections.overAddress + connections.overAll,
  };
}
