// The clients of the live messages, by server-sent events: browsers and `top`.

import type { ServerResponse } from 'node:http';

const maxClients = 32;
const maxUnreadBytes = 1 << 20;

export function eventStream() {
  const clients = new Set<ServerResponse>();

  /** Closes a client that reads too slowly; browsers reconnect. */
  function write(client: ServerResponse, text: string): void {
    if (client.destroyed || client.writableLength > maxUnreadBytes) {
      clients.delete(client);
      client.destroy();
    } else {
      client.write(text);
    }
  }

  return {
    /** Takes over the response; false when there are too many clients. */
    add(response: ServerResponse, first: string): boolean {
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
    send(text: string): void {
      for (const client of clients) write(client, text);
    },
    count: () => clients.size,
    close(): void {
      for (const client of clients) client.end();
      clients.clear();
    },
  };
}

export function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
