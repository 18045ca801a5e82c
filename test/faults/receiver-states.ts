// The states that the receiver of the fault harness can be in: sound, away, silent, slow, and wrong in each of the ways in
// which OpenTSDB and what stands before it are wrong.

import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { answers, type Fault, raw, refuses } from '../fakes/tsd.ts';
import { RefusedPut } from '../../src/simulator/tsd/rules.ts';
import type { Storage } from '../../src/simulator/tsd/store.ts';

export interface ReceiverState {
  readonly name: string;
  /** Nobody listens on the port. */
  readonly isDown?: true;
  /** What happens to a request; absent: it is answered as OpenTSDB does. */
  readonly fault?: (play: Play) => Fault;
  /** What the storage does; absent: it stores. */
  readonly storage?: (play: Play) => Storage;
  /** Shown every new connection by telnet; true when nobody else is to serve it. */
  readonly telnet?: (play: Play) => (socket: Socket) => boolean;
  /** The answer does not tell what was stored. */
  readonly isSpoiling?: true;
}

/** What a state may use. */
export interface Play {
  readonly random: () => number;
  /** Resolves when the receiver goes over to another state. */
  readonly changed: Promise<void>;
}

export const healthy: ReceiverState = { name: 'healthy' };
export const down: ReceiverState = { name: 'down', isDown: true };

/** Requests are read and not answered; when the state ends, half of them are answered after all and half are cut off. */
export const hanging: ReceiverState = {
  name: 'hanging',
  isSpoiling: true,
  fault:
    ({ random, changed }) =>
    async (_, answer) => {
      const isAnswered = random() < 0.5;
      await changed;
      return isAnswered ? answer() : 'close';
    },
};

/** As HBase can be: every answer takes so long. */
export function slow(ms: number): ReceiverState {
  return {
    name: `slow ${ms} ms`,
    fault: () => async (_, answer) => {
      await pause(ms);
      return answer();
    },
  };
}

/** The connection is reset somewhere in the body, and nothing is stored. */
export const resetting: ReceiverState = {
  name: 'resetting',
  fault:
    ({ random }) =>
    ({ request }) =>
      new Promise((resolve) => {
        let left = Math.floor(random() * Number(request.headers['content-length'] ?? 1));
        request.on('data', (chunk: Buffer) => {
          left -= chunk.length;
          if (left <= 0) resolve('reset');
        });
        request.on('end', () => resolve('reset'));
        request.on('error', () => resolve('reset'));
      }),
};

/** Everything is stored, and the answer is lost, or breaks off. */
export const answersLost: ReceiverState = {
  name: 'answers lost',
  isSpoiling: true,
  fault:
    ({ random }) =>
    async (_, answer) => {
      await answer();
      return random() < 0.5
        ? 'close'
        : { raw: 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"success":1' };
    },
};

/** Nothing is stored, and the answer is this one. */
function refusing(name: string, fault: Fault): ReceiverState {
  return {
    name,
    fault: () => async (exchange, answer) => {
      await exchange.body();
      return fault(exchange, answer);
    },
  };
}

const chunked = '<!DOCTYPE html><html><body><blockquote>Chunked request not supported.</blockquote></body></html>';

/** Bodies of more than 600 bytes meet the default OpenTSDB's answer to what it takes for chunked. */
export const chunkedRefused: ReceiverState = {
  name: '400 chunked',
  fault: () => async (exchange, answer) =>
    (await exchange.body()).length > 600 ? answers(400, chunked)(exchange, answer) : answer(),
};
export const tooLarge: ReceiverState = {
  name: '413',
  fault: () => async (exchange, answer) =>
    (await exchange.body()).length > 600 ? answers(413, 'too large')(exchange, answer) : answer(),
};
export const tooMany = refusing('429', answers(429, '{"error":"slow down"}', { 'Retry-After': '1' }));
export const unavailable = refusing('503', answers(503, '<html>starting</html>', { 'Retry-After': '1' }));
export const broken = refusing('500', refuses('Unexpected exception', 500));
export const signedOut = refusing('401', answers(401, '<html>sign in</html>'));

/** A part of the points meets an error of the storage: 200, failed > 0. */
export const partlyFailing: ReceiverState = {
  name: '200 with failed',
  storage:
    ({ random }) =>
    () =>
      random() < 0.2 ? { failed: 'Storage exception: Call queue is full' } : 'stored',
};

/** A point in a few thousand does; by telnet that is a line on its own somewhere behind the put. */
export const rarelyFailing: ReceiverState = {
  name: 'rarely failing',
  storage:
    ({ random }) =>
    () =>
      random() < 0.0005 ? { failed: 'Storage exception: Call queue is full' } : 'stored',
};

/** Connections by telnet are closed for writing after a moment, in the middle of whatever comes. */
export const halfClosing: ReceiverState = {
  name: 'half-closing',
  telnet:
    ({ random }) =>
    (socket) => {
      void pause(random() * 300).then(() => socket.end());
      return false;
    },
};

/** By telnet everything is read and nothing is said; when the state ends, the connections are cut. */
export const mute: ReceiverState = {
  name: 'mute',
  telnet:
    ({ changed }) =>
    (socket) => {
      socket.resume();
      void changed.then(() => socket.destroy());
      return true;
    },
};

/** Everything is stored, and the answer is no JSON. */
export const garbling: ReceiverState = {
  name: 'invalid JSON',
  isSpoiling: true,
  fault:
    ({ random }) =>
    async (exchange, answer) => {
      if (random() < 0.5) await answer();
      return random() < 0.5
        ? answers(200, '{"success":12,"fail')(exchange, answer)
        : raw('HTTP/1.1 2\u0001 ?\r\n\r\n')(exchange, answer);
    },
};

/** The same points are refused each time, one in fifty; who knows a line can tell. */
export const oneBadInFifty: ReceiverState = {
  name: '1 bad point in 50',
  storage: () => (point) => {
    const line = `${point.metric} ${point.timestamp} ${point.value} ${Object.entries(point.tags)
      .map((tag) => tag.join('='))
      .join(' ')}`;
    if (isBad(line))
      throw new RefusedPut('argument', `Invalid tag value ("${Object.values(point.tags)[0]}"): illegal character: !`);
    return 'stored';
  },
};

/** Whether `oneBadInFifty` refuses the point of this line. */
export function isBad(line: string): boolean {
  let sum = 0;
  for (let at = 0; at < line.length; at += 1) sum = (Math.imul(sum, 31) + line.charCodeAt(at)) >>> 0;
  return sum % 50 === 7;
}

/** Only a share of the requests meets the fault of another state. */
export function sometimes(state: ReceiverState, share: number): ReceiverState {
  const { fault } = state;
  if (fault === undefined) return state;
  return {
    ...state,
    name: `${state.name}, ${share * 100} %`,
    fault: (play) => {
      const faulty = fault(play);
      return (exchange, answer) => (play.random() < share ? faulty(exchange, answer) : answer());
    },
  };
}
