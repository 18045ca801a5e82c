// The built bridge polls a real Podman through its Docker API.

import { temporaryDirectory } from '../fakes/directory.ts';
import { eventually, type EngineStats } from './docker-engine.ts';
import { between, countersOf, figuresOf, readAtMs, readingsOf } from './docker-readings.ts';
import { dockerTest } from './docker-test.ts';
import { podmanService } from './podman-service.ts';
import { bridge } from './program.ts';
import { victoriaMetrics } from './victoria-metrics.ts';

const limitBytes = 64 * 2 ** 20;
/** Podman takes user time as the rest of the total: it falls when kernel time grows by a tick of 10 ms. */
const userTimeFallsByNs = 2 * 10_000_000;
const loops = 'while :; do i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done; /bin/busybox usleep 50000; done';

dockerTest(
  'figures of a container of Podman are what Podman says, and its exits and restarts are counted',
  async (t) => {
    const [podman, victoria] = await Promise.all([podmanService(t), victoriaMetrics(t)]);
    await podman.run('web.1', loops, '-m', '64m', '-l', 'com.docker.compose.project=shop');
    await podman.run('victim', 'exec /bin/busybox sleep 100000');
    const state = ['--no-catchpoint', '--resolution', 'ms', '--state-dir', await temporaryDirectory(t)];
    const docker = ['--docker', podman.url, '--docker-poll', '1s'];
    const one = await bridge(t, [...state, ...docker, '-t', '127.0.0.1', '-p', String(victoria.httpPutPort)]);
    const stored = async (container: string) => figuresOf(await readingsOf(victoria), container, 'tags');
    const stats = (): Promise<EngineStats> => podman.get('/v1.41/containers/web.1/stats?stream=false&one-shot=true');

    await eventually('a per cent', async () => (await stored('web.1')).has('cpu.percent'));
    const before = await stats();
    await eventually('three samples', async () => {
      const samples = between((await stored('web.1')).get('cpu.total'), readAtMs(before), Infinity);
      return samples.length >= 3;
    });
    const after = await stats();

    const lastOf = async (figure: string): Promise<number | undefined> =>
      (await stored('victim')).get(figure)?.at(-1)?.value;
    await podman.docker('kill', 'victim');
    await eventually('the exit is counted', async () => (await lastOf('exits')) === 1);
    await podman.docker('start', 'victim');
    await eventually('the restart is counted', async () => (await lastOf('restarts')) === 1);
    t.is(await one.stop(), 0);

    const figures = await stored('web.1');
    const [first, last] = [countersOf(before), countersOf(after)];
    for (const figure of ['cpu.system', 'cpu.total', 'cpu.kernel', 'cpu.user']) {
      const slack = figure === 'cpu.user' ? userTimeFallsByNs : 0;
      const [low, high] = [(first.get(figure) as number) - slack, (last.get(figure) as number) + slack];
      const values = between(figures.get(figure), readAtMs(before), readAtMs(after)).map(({ value }) => value);
      t.true(values.length >= 3, figure);
      t.deepEqual(
        values.filter((value) => value < low || value > high),
        [],
        `${figure}: from ${low} to ${high}`,
      );
    }
    t.true(figures.get('cpu.percent')?.every(({ value }) => value > 0));
    t.true(figures.get('memory.limit')?.every(({ value }) => value === limitBytes));
    t.true(figures.get('pids')?.every(({ value }) => value >= 1));
    const { container, project, image } = figures.get('cpu.total')?.[0]?.tags ?? {};
    t.deepEqual(
      { container, project, image },
      { container: 'web.1', project: 'shop', image: 'docker.io/library/bb_1' },
    );
    t.true(
      one.printed.some((line) => line.includes('"product":"Podman"') && line.includes('"version":"4.')),
      one.printed.join('\n'),
    );
  },
);
