// The browsers and terminals that watch, by server-sent events: not too many, and none that reads too slowly to keep up.

import type { ServerResponse } from 'node:http';

export interface EventStreamClients {
  /** Takes over the response; false when there are too many already. */
  add(response: ServerResponse, first: string): boolean;
  /** Writes to everybody; who has let too much pile up is cut off, and may come again. */
  send(text: string): void;
  count(): number;
  close(): void;
}

const most = 32;
const mostUnreadBytes = 1 << 20;

export function eventStreamClients(): EventStreamClients {
  const clients = new Set<ServerResponse>();

  function write(client: ServerResponse, text: string): void {
    if (client.destroyed || client.writableLength > mostUnreadBytes) {
      clients.delete(client);
      client.destroy();
    } else {
      client.write(text);
    }
  }

  return {
    add(response, first) {
      if (clients.size >= most) return false;
      response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        'X-Accel-Buffering': 'no',
      });
      clients.add(response);
      response.once('close', () => clients.delete(response));
      write(response, first);
      return true;
    },
    send(text) {
      for (const client of clients) write(client, text);
    },
    count: () => clients.size,
    close() {
      for (const client of clients) client.end();
      clients.clear();
    },
  };
}

/** One event as the wire has it. */
export function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
