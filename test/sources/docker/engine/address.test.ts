// Addresses of engines: sockets, hosts, TLS, Basic auth, and what is refused.

import test from 'ava';
import { engineAddress, isSocketFile } from '../../../../src/sources/docker/engine/address.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';
import { simulated } from './opened.ts';

const noSocket: (path: string) => boolean = () => false;
const socketAt =
  (socket: string) =>
  (path: string): boolean =>
    path === socket;

function addressOf(url: string, { isTls = false, isSocket = noSocket } = {}): ReturnType<typeof engineAddress> {
  return engineAddress({ url, isTls, certDirectory: '/certs' }, isSocket);
}

for (const url of ['unix:///var/run/docker.sock/info', 'unix://var/run/docker.sock/info']) {
  test(`a path behind the socket stands before every request: ${url}`, (t) => {
    const address = addressOf(url, { isSocket: socketAt('/var/run/docker.sock') });
    t.deepEqual(address.socket?.(), { path: '/var/run/docker.sock', pathPrefix: '/info' });
  });
}

test('a path without a socket is the socket, and is looked at again at each connect', (t) => {
  let isThere = false;
  const address = engineAddress(
    { url: 'unix:///run/docker.sock/info', isTls: false, certDirectory: undefined },
    (path) => isThere && path === '/run/docker.sock',
  );
  t.deepEqual(address.socket?.(), { path: '/run/docker.sock/info', pathPrefix: '' });
  isThere = true;
  t.deepEqual(address.socket?.(), { path: '/run/docker.sock', pathPrefix: '/info' });
});

test('unix:// alone is the default socket', (t) => {
  t.is(addressOf('unix://').text, 'unix:///var/run/docker.sock');
});

test('a socket is told from a file, a directory and nothing', async (t) => {
  const path = `${await temporaryDirectory(t)}/docker.sock`;
  await simulated(t, { listen: path });
  t.deepEqual([path, `${path}/info`, '/etc/passwd', '/etc', '/nowhere'].map(isSocketFile), [
    true,
    false,
    false,
    false,
    false,
  ]);
});

const hosts: readonly [url: string, isTls: boolean, origin: string, prefix: string][] = [
  ['http://docker:2375', false, 'http://docker:2375', ''],
  ['http://docker', false, 'http://docker', ''],
  ['https://docker', false, 'https://docker', ''],
  ['https://docker:2376/', false, 'https://docker:2376', ''],
  ['http://docker:2375', true, 'http://docker:2375', ''],
  ['tcp://docker', false, 'http://docker:2375', ''],
  ['tcp://docker', true, 'https://docker:2376', ''],
  ['tcp://docker:80', false, 'http://docker', ''],
  ['tcp://docker:443', true, 'https://docker', ''],
  ['TCP://docker:1234', true, 'https://docker:1234', ''],
  ['tcp://[fd00::1]:2375', false, 'http://[fd00::1]:2375', ''],
  ['tcp://[fd00::1]', false, 'http://[fd00::1]:2375', ''],
  ['http://proxy:8080/docker/', false, 'http://proxy:8080', '/docker'],
];

for (const [url, isTls, origin, pathPrefix] of hosts) {
  test(`${url}${isTls ? ' with TLS' : ''} is asked at ${origin}${pathPrefix}`, (t) => {
    const address = addressOf(url, { isTls });
    t.is(address.origin, origin);
    t.is(address.pathPrefix, pathPrefix);
    t.is(address.socket, undefined);
    t.is(address.certDirectory, origin.startsWith('https:') ? '/certs' : undefined);
  });
}

test('user and password become Basic auth, and are not shown', (t) => {
  const address = addressOf('https://me:p%40ss%2F@docker:2376/api');
  t.is(address.authorization, `Basic ${Buffer.from('me:p@ss/').toString('base64')}`);
  t.is(address.text, 'https://docker:2376/api');
  t.is(address.origin, 'https://docker:2376');
});

test('a per cent sign that encodes nothing stays in the password', (t) => {
  t.is(addressOf('http://me:50%@docker').authorization, `Basic ${Buffer.from('me:50%').toString('base64')}`);
});

const expected = 'expected unix:///path, tcp://host:port, http://host:port or https://host:port, found ';

for (const [url, found] of [
  ['ssh://me:hunter2@docker', '"ssh://***@docker"'],
  ['npipe:////./pipe/docker_engine', '"npipe:////./pipe/docker_engine"'],
  ['fd://', '"fd://"'],
  ['docker:2375', '"docker:2375"'],
  ['/var/run/docker.sock', '"/var/run/docker.sock"'],
  ['', 'nothing'],
  ['http://', '"http://"'],
  ['http://me:hunter2@docker:port', '"http://***@docker:port"'],
  ['me:hunter2@docker', '"***@docker"'],
  ['http://docker:2375?all=1', '"http://docker:2375?all=1"'],
  ['https://me:hun/ter@2@docker:99999', '"https://***@docker:99999"'],
  ['unix://me:hunter2@/run/docker.sock', 'a user in "unix://***@/run/docker.sock"'],
] as const) {
  test(`refused without its password: ${url.replace(/h\w+.?\w+@2?|hun.*2@/, '…@')}`, (t) => {
    t.is(t.throws(() => addressOf(url))?.message, expected + found);
  });
}
