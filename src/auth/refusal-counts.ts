// Requests that were refused before their bodies were read, by reason, for the status page.

import type { AccessStatus } from './access-control.ts';

export function refusalCounts({
  door,
  requests,
  connections,
}: Pick<AccessStatus, 'door' | 'requests' | 'connections'>): Readonly<Record<string, number>> {
  return {
    unauthenticated: door.unauthenticated,
    awaiting: door.awaiting,
    crowded: requests.overAll,
    overSender: requests.overSender,
    disconnected: connections.overAddress + connections.overAll,
  };
}
