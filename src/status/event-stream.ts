// The clients of the live messages, by server-sent events: browsers and `top`.

import type { ServerResponse } from 'node:http';

export interface EventStream {
  /** Takes over the response; false when there are too many clients. */
  add(response: ServerResponse, first: string): boolean;
  /** Writes to all clients. Closes those that read too slowly; browsers reconnect. */
  send(text: string): void;
  count(): number;
  close(): void;
}

const maxClients = 32;
const maxUnreadBytes = 1 << 20;

export function eventStream(): EventStream {
  const clients = new Set<ServerResponse>();

  function write(client: ServerResponse, text: string): void {
    if (client.destroyed || client.writableLength > maxUnreadBytes) {
      clients.delete(client);
      client.destroy();
    } else {
      client.write(text);
    }
  }

  return {
    add(response, first) {
      if (clients.size >= maxClients) return false;
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

export function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
