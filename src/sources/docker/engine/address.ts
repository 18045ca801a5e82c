// Where an engine is: a unix socket, or a host and port with or without TLS.

import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Where an engine is. */
export interface EngineAddress {
  /** Without user and password, such as `unix:///var/run/docker.sock`. */
  readonly text: string;
  /** The scheme, host and port of every request, such as `https://docker.example.org:2376`. */
  readonly origin: string;
  /** Stands before every path; empty, or it begins with a slash. */
  readonly pathPrefix: string;
  /** The value of the header Authorization; undefined: none. */
  readonly authorization: string | undefined;
  /** A directory with ca.pem, cert.pem and key.pem, each of which may be missing. */
  readonly certDirectory: string | undefined;
  /** Finds the socket of a unix address. It may appear later, with the engine. Undefined: the address is no socket. */
  readonly socket: (() => SocketPlace) | undefined;
}

export interface SocketPlace {
  readonly path: string;
  /** What follows the socket in the URL; empty, or it begins with a slash. */
  readonly pathPrefix: string;
}

export interface AddressSettings {
  /** unix:///path, http://host:port, https://host:port or tcp://host:port. */
  readonly url: string;
  /** tcp:// speaks TLS. https:// always does. */
  readonly isTls: boolean;
  readonly certDirectory: string | undefined;
}

const expected = 'expected unix:///path, tcp://host:port, http://host:port or https://host:port';
const defaultSocket = '/var/run/docker.sock';
/** Of tcp://, as Docker's command line has them. */
const [plainPort, tlsPort] = ['2375', '2376'];

/**
 * Reads the URL of an engine.
 *
 * @param isSocket - whether there is a socket at a path; see isSocketFile
 * @throws Error - what was expected and what was found, without user and password
 */
export function engineAddress(settings: AddressSettings, isSocket: (path: string) => boolean): EngineAddress {
  const url = settings.url.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'unix':
      return unixAddress(url, isSocket);
    case 'tcp':
    case 'http':
    case 'https':
      return networkAddress(scheme, url, settings);
    case undefined:
    default:
      throw new Error(`${expected}, found ${withoutUser(url)}`);
  }
}

/** Whether there is a socket at the path. False if the path cannot be looked at. */
export function isSocketFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isSocket() === true;
  } catch {
    return false;
  }
}

/** As in docker-stats-to-backstop, a host counts as the first part of the path, and a path may follow the socket. */
function unixAddress(url: string, isSocket: (path: string) => boolean): EngineAddress {
  const given = url.slice('unix://'.length);
  if (/^[^/]*@/.test(given)) throw new Error(`${expected}, found a user in ${withoutUser(url)}`);
  const trimmed = given.replace(/^\/+|\/+$/g, '');
  const path = trimmed === '' ? defaultSocket : `/${trimmed}`;
  return {
    text: `unix://${path}`,
    origin: 'http://localhost',
    pathPrefix: '',
    authorization: undefined,
    certDirectory: undefined,
    socket: () => socketPlace(path, isSocket),
  };
}

/** Walks up to the nearest socket. Without one, the whole path is where it will be. */
function socketPlace(path: string, isSocket: (path: string) => boolean): SocketPlace {
  for (let candidate = path; candidate !== '/'; candidate = dirname(candidate)) {
    if (isSocket(candidate)) return { path: candidate, pathPrefix: path.slice(candidate.length) };
  }
  return { path, pathPrefix: '' };
}

function networkAddress(scheme: 'tcp' | 'http' | 'https', url: string, settings: AddressSettings): EngineAddress {
  const isTls = scheme === 'https' || (scheme === 'tcp' && settings.isTls);
  const rest = url.slice(scheme.length);
  const parsed = parseUrl(`${isTls ? 'https' : 'http'}${rest}`);
  if (parsed === undefined || parsed.search !== '' || parsed.hash !== '') {
    throw new Error(`${expected}, found ${withoutUser(url)}`);
  }
  if (scheme === 'tcp' && !hasPort(rest)) parsed.port = isTls ? tlsPort : plainPort;
  const pathPrefix = parsed.pathname.replace(/\/+$/, '');
  return {
    text: `${scheme}://${parsed.host}${pathPrefix}`,
    origin: parsed.origin,
    pathPrefix,
    authorization: basic(parsed),
    certDirectory: isTls ? settings.certDirectory : undefined,
    socket: undefined,
  };
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** URL drops a port that is the default of its scheme, such as 80; the text still has it. */
function hasPort(rest: string): boolean {
  return /:\d+$/.test(rest.replace(/^:\/\//, '').split('/')[0] ?? '');
}

function basic({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** For messages. A password may contain any character, so everything before the last @ goes. */
function withoutUser(url: string): string {
  if (url === '') return 'nothing';
  const shown = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@');
  return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown);
}
