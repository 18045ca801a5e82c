// The engines of the tests end with everything that they started, and name what they need where they cannot be started.

import test, { type ExecutionContext } from 'ava';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type ContainerEngine, dockerEngine, eventually } from './docker-engine.ts';
import { dockerLeftOut } from './docker-switch.ts';
import { dockerTest } from './docker-test.ts';
import { podmanService } from './podman-service.ts';

const engines = {
  'Docker Engine': { start: dockerEngine, call: "(await import('./docker-engine.js')).dockerEngine" },
  Podman: { start: podmanService, call: "(await import('./podman-service.js')).podmanService" },
} as const;

/** The part of a test that a harness needs; `end` does what the end of the test does. */
function scope(): { readonly t: Pick<ExecutionContext, 'teardown'>; end(): Promise<void> } {
  const ends: (() => unknown)[] = [];
  return {
    t: { teardown: (end) => void ends.unshift(end) },
    async end() {
      for (const each of ends.splice(0)) await each();
    },
  };
}

/** Such as bridge-engine-x1y2z3, which is in the paths of everything that the engine starts. */
const worldOf = (url: string): string => /bridge-engine-\w+/.exec(url)?.[0] ?? '';

/** Returns the processes, mounts, cgroups and files of a world. */
async function leftovers(world: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const texts = await Promise.all(
    pids.flatMap((pid) =>
      ['cmdline', 'cgroup'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
    ),
  );
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const { stdout } = spawnSync('find', ['/sys/fs/cgroup', '/tmp', '-maxdepth', '3', '-name', world], {
    encoding: 'utf8',
  });
  return [...texts, ...mounts, ...stdout.split('\n')].filter((line) => line.includes(world));
}

const sleeps = 'exec /bin/busybox sleep 100000';

for (const [name, { start, call }] of Object.entries(engines)) {
  dockerTest(`${name} runs containers, and ends without a process, a mount, a cgroup or a file left`, async (t) => {
    const { t: inner, end } = scope();
    t.teardown(end);
    const engine: ContainerEngine = await start(inner);
    await engine.run('web.1.prod', sleeps, '-m', '64m', '--label', 'com.docker.compose.project=shop');
    t.deepEqual((await engine.docker('ps', '--format', '{{.Names}} {{.Image}}')).split(' '), ['web.1.prod', 'bb:1']);
    const world = worldOf(engine.url);
    t.true((await leftovers(world)).length > 3, 'the search finds them while they run');
    await end();
    t.deepEqual(await leftovers(world), []);
  });

  dockerTest(`${name} ends with its containers when the process that started it is killed`, async (t) => {
    const script = `
      const t = { teardown() {} };
      const engine = await ${call}(t);
      await engine.run('one', ${JSON.stringify(sleeps)});
      console.log(engine.url);
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: new URL('.', import.meta.url).pathname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const world = worldOf(url);
    t.true((await leftovers(world)).length > 3);
    child.kill('SIGKILL');
    await eventually('nothing is left', async () => (await leftovers(world)).length === 0);
    t.pass();
  });

  test(`where ${name} cannot be started the error names the packages and the switch`, (t) => {
    const { stderr, status } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', `await ${call}({ teardown() {} });`],
      { cwd: new URL('.', import.meta.url).pathname, env: { PATH: '/nowhere' }, encoding: 'utf8' },
    );
    t.is(status, 1);
    t.regex(
      stderr,
      new RegExp(
        `${name} cannot be started: it needs root and Debian's packages .*busybox-static.*\\(.+\\); BRIDGE_DOCKER=off leaves these tests out`,
      ),
    );
  });
}

test('BRIDGE_DOCKER=off and BRIDGE_E2E=off leave out the tests with an engine, and are named in the report', (t) => {
  t.is(dockerLeftOut({}), undefined);
  t.is(dockerLeftOut({ BRIDGE_DOCKER: 'on' }), undefined);
  t.is(dockerLeftOut({ BRIDGE_DOCKER: 'off' }), 'left out by BRIDGE_DOCKER');
  t.is(dockerLeftOut({ BRIDGE_E2E: 'off' }), 'left out by BRIDGE_E2E');
});
