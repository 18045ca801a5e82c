// A world of its own for a container engine: a directory, process ids, mounts, a network and a cgroup that no other
// process has. It ends as a whole, also when the test process is killed: its first process waits for the end of its
// standard input, the kernel ends all others with it, containers and their shims included, and the shell around it
// removes what is left.

import type { ExecutionContext } from 'ava';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';

/** The first process, in a /run of its own, in which no engine of the machine is found. */
const first = 'mount -t tmpfs tmpfs /run && echo ready && cat';

/** Runs the world to its end, and then removes its cgroups and its directory. Processes that end keep a cgroup busy for a moment. */
const around = `
unshare --mount --net --pid --fork --kill-child=KILL --mount-proc sh -c '${first}'
for attempt in $(seq 100); do
  find /sys/fs/cgroup -depth -type d -path "*/$2/*" -exec rmdir {} + 2>/dev/null
  find /sys/fs/cgroup -depth -type d -name "$2" -exec rmdir {} + 2>/dev/null
  [ -z "$(find /sys/fs/cgroup -type d -name "$2")" ] && break
  sleep 0.05
done
rm -rf "$1"
`;

export interface World {
  /** A short path, since the path of a socket has at most 107 characters. */
  readonly directory: string;
  /** The parent of all cgroups, such as /bridge-engine-x1y2z3. */
  readonly cgroup: string;
  /** Starts a program in it. */
  start(command: string, args: readonly string[]): Daemon;
  /** Resolves once every process has ended, and the directory and the cgroups are removed. */
  end(): Promise<void>;
}

export interface Daemon {
  /** Resolves with its exit code and its last lines. */
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>;
  /** Sends it a signal. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Makes a world, and ends it after the test. @throws Error if it is not permitted here */
export async function dockerWorld(t: Pick<ExecutionContext, 'teardown'>): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'bridge-engine-'));
  const cgroup = basename(directory);
  // A session of its own: an interrupt from the terminal does not reach the shell, which still has to clean up.
  const child = spawn('sh', ['-c', around, 'sh', directory, cgroup], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const said = lastLines(child);
  const ended = closed(child);
  const end = async (): Promise<void> => {
    child.stdin.end();
    await ended;
    // The shell has removed it, unless it could not be started.
    await rm(directory, { recursive: true, force: true });
  };
  t.teardown(end);
  const isReady = new Promise<boolean>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') resolve(true);
    });
    void ended.then(() => resolve(false));
  });
  if (!(await isReady)) {
    await end();
    throw new Error(`namespaces are not permitted: ${said()}`);
  }
  const [unshare] = await childrenOf(child.pid as number);
  const [init] = await childrenOf(unshare as number);
  return {
    directory,
    cgroup: `/${cgroup}`,
    start: (command, args) => daemon(String(init), command, args),
    end,
  };
}

function daemon(init: string, command: string, args: readonly string[]): Daemon {
  const child = spawn('nsenter', ['--target', init, '--mount', '--net', '--pid', '--', command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const said = lastLines(child);
  child.stdout.resume();
  return {
    ended: closed(child).then((code) => ({ code, said: said() })),
    async kill(signal) {
      for (const pid of await childrenOf(child.pid as number)) process.kill(pid, signal);
    },
  };
}

/** Resolves with the exit code; also when the program could not be started. */
function closed(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}

/** Collects what a process says on standard error. */
function lastLines(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-2000)));
  child.once('error', (error) => (text += error.message));
  return () => text.trim();
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}
