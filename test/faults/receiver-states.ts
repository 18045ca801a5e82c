// The states of the receiver: healthy, away, silent, slow, and each kind of wrong answer of OpenTSDB or a proxy before
// it.

import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { answers, type Fault, raw, refuses } from '../fakes/tsd.ts';
import { RefusedPut } from '../../src/simulator/tsd/rules.ts';
import type { Storage } from '../../src/simulator/tsd/store.ts';

export interface ReceiverState {
  readonly name: string;
  /** Nothing listens on the port. */
  readonly isDown?: true;
  /** Handles a request; undefined: OpenTSDB's answer. */
  readonly fault?: (play: Play) => Fault;
  /** Replaces the storage; undefined: it stores. */
  readonly storage?: (play: Play) => Storage;
  /** Receives each new telnet connection; returns true if it serves the connection itself. */
  readonly telnet?: (play: Play) => (socket: Socket) => boolean;
  /** The answer does not show which points are stored. */
  readonly isSpoiling?: true;
}

export interface Play {
  readonly random: () => number;
  /** Resolves at the end of the state. */
  readonly changed: Promise<void>;
}

export const healthy: ReceiverState = { name: 'healthy' };
export const down: ReceiverState = { name: 'down', isDown: true };

/** Reads requests without an answer. At the end of the state it answers half of them and cuts the others. */
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

/** Delays every answer, as a slow HBase does. */
export function slow(ms: number): ReceiverState {
  return {
    name: `slow ${ms} ms`,
    fault: () => async (_, answer) => {
      await pause(ms);
      return answer();
    },
  };
}

/** Resets the connection within the body, and stores nothing. */
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

/** Stores everything, and loses or truncates the answer. */
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

/** Stores nothing, and gives this answer. */
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

/** Answers bodies over 600 bytes as a default OpenTSDB answers chunked requests. */
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

/** The storage fails for some of the points: 200, failed > 0. */
export const partlyFailing: ReceiverState = {
  name: '200 with failed',
  storage:
    ({ random }) =>
    () =>
      random() < 0.2 ? { failed: 'Storage exception: Call queue is full' } : 'stored',
};

/** The storage fails for one point in a few thousand. By telnet the error is a line somewhere behind the put. */
export const rarelyFailing: ReceiverState = {
  name: 'rarely failing',
  storage:
    ({ random }) =>
    () =>
      random() < 0.0005 ? { failed: 'Storage exception: Call queue is full' } : 'stored',
};

/** Closes telnet connections for writing after a moment. */
export const halfClosing: ReceiverState = {
  name: 'half-closing',
  telnet:
    ({ random }) =>
    (socket) => {
      void pause(random() * 300).then(() => socket.end());
      return false;
    },
};

/** Reads by telnet without an answer; cuts the connections at the end of the state. */
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

/** Stores everything, and gives an answer that is not JSON. */
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

/** Rejects one point in fifty, always the same ones. */
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

/** Reports whether `oneBadInFifty` rejects the point of this line. */
export function isBad(line: string): boolean {
  let sum = 0;
  for (let at = 0; at < line.length; at += 1) sum = (Math.imul(sum, 31) + line.charCodeAt(at)) >>> 0;
  return sum % 50 === 7;
}

/** Applies the fault of another state to a share of the requests. */
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
