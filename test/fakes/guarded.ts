// A push listener with the middlewares of the daemon, and senders on bare sockets.

import type { ExecutionContext } from 'ava';
import { connect, type Socket } from 'node:net';
import { type AccessControl, openAccessControl } from '../../src/auth/access-control.ts';
import type { AccessOptions } from '../../src/auth/access-policy.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { type Log, silentLog } from '../../src/runtime/log.ts';
import { pushMiddleware } from '../../src/sources/catchpoint/push-middleware.ts';
import { listen, type Listener } from '../../src/http/server.ts';
import { routedApp } from '../../src/http/routed-app.ts';
import { type PushIntake, pushRoute } from '../../src/sources/catchpoint/push-route.ts';
import { temporaryDirectory } from './directory.ts';

export interface Guarded extends Listener {
  readonly access: AccessControl;
  readonly stateDir: string;
}

export interface GuardedOptions extends Partial<Omit<AccessOptions, 'limits'>> {
  readonly limits?: Partial<AccessOptions['limits']>;
  readonly stateDir?: string;
  readonly clock?: Clock;
  readonly log?: Log;
  /** False: the state is that of a bridge without a push listener. Default true. */
  readonly hasListener?: boolean;
  /** Awaited after the body has arrived. */
  readonly take?: (body: Buffer) => Promise<void> | void;
}

/** Opens the listener as the daemon does, but with `take` in place of the source. */
export async function guarded(t: ExecutionContext, options: GuardedOptions = {}): Promise<Guarded> {
  const {
    limits = {},
    clock = systemClock(),
    log = silentLog(),
    take = () => {},
    hasListener = true,
    ...given
  } = options;
  const stateDir = options.stateDir ?? (await temporaryDirectory(t));
  const usual = { maxConnections: 100, maxConnectionsPerAddress: 100, maxRequests: 100, maxArrivingBytes: 2 ** 20 };
  const nothing = {
    tokens: [],
    tokenFiles: [],
    rotationSecret: undefined,
    trustedProxies: [],
    divisions: [],
    clients: [],
    tls: undefined,
  };
  const access = await openAccessControl(
    { checkSender: 'off', ...nothing, ...given, limits: { ...usual, ...limits } },
    { stateDir, clock, log, hasListener },
  );
  const intake: PushIntake = {
    async take({ body }) {
      await take(body);
      return 'taken';
    },
    unread: () => {},
    answered: () => {},
  };
  const reading = { maxBodyBytes: 2 ** 20, bodies: access.bodies, clock };
  const app = routedApp({ log, clock }, (router) => pushRoute(router, intake, reading), {
    first: pushMiddleware(access.admission, { intake, reading }),
    middlewares: access.middlewares,
  });
  const listener = await listen(app, { host: '127.0.0.1', port: 0 }, { tls: access.tls, guard: access.guard });
  t.teardown(async () => {
    const closed = listener.close();
    listener.cut();
    await closed;
  });
  return { ...listener, access, stateDir };
}

export interface BareConnection {
  readonly socket: Socket;
  /** Resolves with everything received, once the connection is closed. */
  readonly heard: Promise<string>;
  /** Resolves with everything received, as soon as it matches. */
  hears(fits: RegExp): Promise<string>;
}

export async function bare({ port }: Pick<Listener, 'port'>, sent = ''): Promise<BareConnection> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  const watchers = new Set<() => void>();
  const heard = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  socket.on('data', (data: Buffer) => {
    text += data.toString('latin1');
    for (const watch of watchers) watch();
  });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', () => resolve()));
  socket.write(sent);
  return {
    socket,
    heard,
    hears: (fits) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          if (fits.test(text)) resolve(text);
        };
        watchers.add(watch);
        watch();
        void heard.then(() => reject(new Error(`the connection ended after ${JSON.stringify(text)}`)));
      }),
  };
}
