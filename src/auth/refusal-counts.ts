// Requests that were turned away before anybody looked at what they bring, by the reason.

import type { AccessStatus } from './access-control.ts';

/** Counts since the start, by a word each; those of a push that was read are the source's. */
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
