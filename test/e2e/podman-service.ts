// A real Podman from Debian's package, whose service speaks Docker's API, in a world of its own.

import type { ExecutionContext } from 'ava';
import { join } from 'node:path';
import { type ContainerEngine, containerEngine, importImage, orNoEngine, untilAnswers } from './docker-engine.ts';
import { dockerWorld, type World } from './docker-world.ts';

const packages = 'podman, conmon, runc, docker.io (for its command line) and busybox-static';
/** Podman would raise both limits, which needs CAP_SYS_RESOURCE. */
const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024', '--network', 'none'];

/** Starts a service, and ends it after the test. */
export async function podmanService(t: Pick<ExecutionContext, 'teardown'>): Promise<ContainerEngine> {
  return orNoEngine('Podman', packages, async () => {
    const world = await dockerWorld(t);
    const socket = join(world.directory, 'engine.sock');
    const engine = containerEngine(world, socket, limits);
    await untilAnswers(engine, world.start('podman', podmanArguments(world, socket)));
    await importImage(engine);
    return engine;
  });
}

/** runc, since crun refuses a machine with both versions of cgroups. */
function podmanArguments({ directory }: World, socket: string): string[] {
  const folders = ['--root', join(directory, 'data'), '--runroot', join(directory, 'run')];
  const engine = ['--tmpdir', join(directory, 'tmp'), '--runtime', 'runc', '--cgroup-manager', 'cgroupfs'];
  const rest = ['--storage-driver', 'vfs', '--events-backend', 'file'];
  return [...folders, ...engine, ...rest, 'system', 'service', '--time', '0', `unix://${socket}`];
}
