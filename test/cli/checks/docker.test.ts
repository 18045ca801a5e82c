// The check of the Docker Engine, against an engine that a test scripts.

import test from 'ava';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { dockerCheck } from '../../../src/cli/checks/docker.ts';
import type { Flags } from '../../../src/config/settings/origins.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { configFrom } from '../context.ts';
import { checkContext, lines, webServer } from './check-context.ts';

const listed = [
  { Id: 'a'.repeat(64), Names: ['/web-1'], Image: 'nginx', Labels: {}, State: 'running', Status: 'Up 3 minutes' },
  { Id: 'b'.repeat(64), Names: ['/db-1'], Image: 'postgres', Labels: {}, State: 'exited', Status: 'Exited (0)' },
];
const event = { Type: 'container', Action: 'start', Actor: { ID: 'a'.repeat(64), Attributes: {} }, timeNano: 1e18 };

const answers: Readonly<Record<string, unknown>> = {
  '/_ping': 'OK',
  '/version': { Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12', Os: 'linux' },
  '/info': { Name: 'host-1', CgroupVersion: '1' },
  '/containers/json': listed,
  '/events': event,
};

/** An engine of API 1.41. What `refused` lists is answered 403, as a proxy does. */
function engine(refused: readonly string[] = [], containers: unknown = listed): RequestListener {
  return ({ url = '' }, response) => {
    const path = new URL(url, 'http://engine').pathname.replace(/^\/v[0-9.]+/, '');
    const answer = path === '/containers/json' ? containers : answers[path];
    if (refused.includes(path) || answer === undefined) {
      response.writeHead(403, { 'content-type': 'text/plain' }).end('Forbidden');
    } else {
      response.writeHead(200, { 'api-version': '1.41', 'content-type': 'application/json' });
      response.end(typeof answer === 'string' ? answer : `${JSON.stringify(answer)}\n`);
    }
  };
}

const found = async (docker: string, flags: Flags = {}): Promise<string[]> =>
  lines(await dockerCheck(configFrom({ docker, ...flags }), checkContext));

const summary = (url: string): string =>
  `ok Docker: ${url}: Docker 20.10.24, API 1.41, cgroup v1, 2 containers, 1 running`;

test('without --docker nothing is checked', async (t) => {
  t.deepEqual(await dockerCheck(configFrom({}), checkContext), []);
});

test('an engine that answers is described with its containers', async (t) => {
  const url = await webServer(t, engine());
  t.deepEqual(await found(url), [summary(url)]);
});

test('an engine behind a unix socket is checked in the same way', async (t) => {
  const path = join(await temporaryDirectory(t), 'docker.sock');
  const server = createServer(engine());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  t.deepEqual(await found(`unix://${path}`), [summary(`unix://${path}`)]);
});

test('events that a proxy refuses are a warning', async (t) => {
  const url = await webServer(t, engine(['/events']));
  const [first, second = '', ...others] = await found(url);
  t.is(first, summary(url));
  t.regex(second, /^warning Docker: events are refused: GET \/v1\.41\/events.*: 403: Forbidden/);
  t.deepEqual(others, []);
});

test('rules that match no container are a warning, by their number', async (t) => {
  const url = await webServer(t, engine());
  const rules = (...regexps: string[]): Flags => ({
    dockerRules: JSON.stringify(regexps.map((regexp) => ({ regexp }))),
  });
  t.deepEqual((await found(url, rules('^web', 'db-1'))).slice(1), []);
  t.deepEqual((await found(url, rules('^web', '^/db'))).slice(1), ['warning Docker: rule 2 matches no container']);
  t.deepEqual((await found(url, rules('a{3}', 'b{3}'))).slice(1), ['warning Docker: rules 1, 2 match no container']);
  t.deepEqual((await found(url, { ...rules('^db'), dockerExclude: ['name=db-*'] })).slice(1), [
    'warning Docker: rule 1 matches no container',
  ]);
  const empty = await webServer(t, engine([], []));
  t.deepEqual((await found(empty, rules('^web'))).slice(1), []);
});

test('filters that select no container are a warning', async (t) => {
  const url = await webServer(t, engine());
  t.deepEqual((await found(url, { dockerInclude: ['name=none-*'] })).slice(1), [
    'warning Docker: no container is selected',
  ]);
});

test('an engine that is away, or that refuses, is a fault with advice', async (t) => {
  const missing = `unix://${await temporaryDirectory(t)}/docker.sock`;
  const [away] = await dockerCheck(configFrom({ docker: missing }), checkContext);
  t.like(away, { what: 'Docker', grade: 'fault', code: 69 });
  t.true(away?.words.startsWith(`${missing}: `), away?.words);
  t.regex(away?.advice ?? '', /the bridge starts without it and tries again/);

  const secretUrl = (await webServer(t, engine(['/containers/json']))).replace('//', '//user:hunter2@');
  const [refused, ...others] = await dockerCheck(configFrom({ docker: secretUrl }), checkContext);
  t.like(refused, { grade: 'fault', code: 69 });
  t.regex(refused?.words ?? '', /GET \/v1\.41\/containers\/json.*: 403/);
  t.regex(refused?.advice ?? '', /let the proxy allow GET/);
  t.notRegex(JSON.stringify([refused, others]), /hunter/);
});

test('a socket that may not be opened is explained by its group', async (t) => {
  const denied = Object.assign(new Error('connect EACCES /var/run/docker.sock'), { code: 'EACCES' });
  const url = await webServer(t, (_, response) => {
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ message: denied.message }));
  });
  const [finding] = await dockerCheck(configFrom({ docker: url }), checkContext);
  t.regex(finding?.advice ?? '', /^the user of the bridge must be in the group docker; .* root .* proxy/);
});
