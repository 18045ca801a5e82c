// The first requests to an engine: which product it is, and which version of the API both sides speak.

import { isObject } from '../../json-members.ts';
import { parseAnswer, textAt } from './answer.ts';
import { EngineError, type EngineInfo } from './engine.ts';
import { statusError } from './failure.ts';
import { ask, type Exchange } from './request.ts';
import { negotiate } from './versions.ts';

const maxBytes = 1024 * 1024;
/** What a proxy answers to a request that it does not let through. */
const refusals: readonly (number | undefined)[] = [403, 404, 405, 501];

/**
 * Negotiates the API version by /_ping and /version (Docker Engine API, "Versioned API and SDK"). Either may be
 * refused by a proxy, and /info too.
 *
 * @throws EngineError
 */
export async function shakeHands(exchange: Exchange, signal: AbortSignal): Promise<EngineInfo> {
  const ping = await pingOf(exchange, signal);
  const version = await jsonUnlessRefused(exchange, '/version', signal);
  const offered = textAt(version, 'ApiVersion') || ping.apiVersion;
  if (offered === '') {
    throw new EngineError(
      'expected the API version in the header Api-Version of GET /_ping or in GET /version, found neither; a proxy has to allow one of them',
    );
  }
  const minApiVersion = textAt(version, 'MinAPIVersion');
  const apiVersion = negotiate({
    apiVersion: offered,
    minApiVersion: minApiVersion === '' ? undefined : minApiVersion,
  });
  const info = await infoOf(exchange, apiVersion, signal);
  const hostname = textAt(info, 'Name');
  return {
    version: textAt(version, 'Version') || /^\w+\/(\S+)/.exec(ping.server)?.[1] || '',
    apiVersion,
    osType: textAt(version, 'Os') || ping.osType || textAt(info, 'OSType') || 'linux',
    product: isPodman(version) || ping.isPodman ? 'Podman' : 'Docker',
    cgroupVersion: ({ '1': 1, '2': 2 } as const)[textAt(info, 'CgroupVersion')],
    hostname: hostname === '' ? undefined : hostname,
  };
}

interface Ping {
  /** The three are empty where the engine is old or a proxy drops the header. */
  readonly apiVersion: string;
  readonly osType: string;
  readonly server: string;
  readonly isPodman: boolean;
}

async function pingOf(exchange: Exchange, signal: AbortSignal): Promise<Ping> {
  const { call, status, text, header } = await ask(exchange, { path: '/_ping' }, { maxBytes, signal });
  if (status !== 200 && !refusals.includes(status)) throw statusError(call, status, text);
  const server = header('server');
  return {
    apiVersion: header('api-version'),
    osType: header('ostype'),
    server,
    isPodman: server.startsWith('Libpod/') || header('libpod-api-version') !== '',
  };
}

/** Undefined: a proxy refused it. */
async function jsonUnlessRefused(exchange: Exchange, path: string, signal: AbortSignal): Promise<unknown> {
  const { call, status, text } = await ask(exchange, { path }, { maxBytes, signal });
  if (refusals.includes(status)) return undefined;
  if (status !== 200) throw statusError(call, status, text);
  return parseAnswer(call, text);
}

/** Nothing depends on /info, and an engine whose plugins hang answers everything else. */
async function infoOf(exchange: Exchange, apiVersion: string, signal: AbortSignal): Promise<unknown> {
  const timeoutMs = Math.min(exchange.timeoutMs, 5000);
  try {
    return await jsonUnlessRefused({ ...exchange, timeoutMs }, `/v${apiVersion}/info`, signal);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return undefined;
  }
}

/** Podman names itself in /version: `"Components":[{"Name":"Podman Engine",…}]`. */
function isPodman(version: unknown): boolean {
  const components = isObject(version) ? version['Components'] : undefined;
  return Array.isArray(components) && components.some((component) => textAt(component, 'Name').startsWith('Podman'));
}
