// A real carbon-cache for the tests, from Debian's graphite-carbon, and what it has written to its whisper files.

import type { ExecutionContext } from 'ava';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../fakes/directory.ts';
import { freePort } from '../fakes/free-port.ts';

const run = promisify(execFile);

export interface CarbonCache {
  readonly port: number;
  /** The value at a second, once it is in the whisper file of a series; asks until it is there. */
  value(name: string, seconds: number): Promise<number>;
  /** Whether a series has a file. */
  has(name: string): Promise<boolean>;
  /** The values of each series since a second, each by its second, once there are as many as wanted in every whisper file; asks until there are. */
  since(
    wanted: ReadonlyMap<string, number>,
    seconds: number,
  ): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>>;
  /** How many series have files. */
  series(): Promise<number>;
  /** Ends it with a signal; resolves when it has gone. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts it again, with the same port and files, and settings of its own. */
  start(settings?: Readonly<Record<string, string>>): Promise<void>;
}

/**
 * Starts one on free ports with files of its own; it goes with its test.
 *
 * @param retentions - what each file has room for
 */
export async function carbonCache(
  t: Pick<ExecutionContext, 'teardown'>,
  settings: Readonly<Record<string, string>> = {},
  retentions = '1s:1h,60s:30d,1h:20y',
): Promise<CarbonCache> {
  const directory = await temporaryDirectory(t);
  const [port, pickle, query] = await Promise.all([freePort(), freePort(), freePort()]);
  let child: ChildProcess | undefined;
  let gone: Promise<void> = Promise.resolve();
  const carbon: CarbonCache = {
    port,
    value: (name, seconds) => valueAt(fileOf(directory, name), seconds),
    since: (wanted, seconds) => fetchedSince((name) => fileOf(directory, name), wanted, seconds),
    series: async () =>
      (await readdir(join(directory, 'whisper'), { recursive: true })).filter((file) => file.endsWith('.wsp')).length,
    has: (name) =>
      access(fileOf(directory, name)).then(
        () => true,
        () => false,
      ),
    async kill(signal) {
      child?.kill(signal);
      await gone;
    },
    async start(own = {}) {
      await writeConfiguration(directory, { ...ports({ port, pickle, query }), ...own }, retentions);
      const args = [
        `--config=${join(directory, 'carbon.conf')}`,
        `--pidfile=${join(directory, 'carbon.pid')}`,
        '--nodaemon',
        'start',
      ];
      child = spawn('carbon-cache', args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, GRAPHITE_ROOT: directory },
      });
      const started = child;
      const said: Buffer[] = [];
      const heard = (): string => Buffer.concat(said).toString();
      const isListening = new Promise<void>((resolve) => {
        child?.stdout?.on('data', (chunk: Buffer) => {
          said.push(chunk);
          if (heard().includes(`starting on ${port}\n`)) resolve();
        });
      });
      child.stderr?.on('data', (chunk: Buffer) => said.push(chunk));
      gone = new Promise((resolve) => {
        started.once('exit', () => resolve());
        started.once('error', (error) => {
          said.push(
            Buffer.from(
              `${error.message}; the tests of Graphite need Debian's graphite-carbon (BRIDGE_E2E=off leaves them out)`,
            ),
          );
          resolve();
        });
      });
      const ended = gone.then(() => {
        throw new Error(`carbon-cache ended: ${heard().slice(-2000)}`);
      });
      await Promise.race([isListening, ended]);
      ended.catch(() => {});
    },
  };
  t.teardown(() => carbon.kill('SIGKILL'));
  await carbon.start(settings);
  return carbon;
}

const ports = ({
  port,
  pickle,
  query,
}: {
  readonly port: number;
  readonly pickle: number;
  readonly query: number;
}): Record<string, string> => ({
  LINE_RECEIVER_INTERFACE: '127.0.0.1',
  LINE_RECEIVER_PORT: String(port),
  PICKLE_RECEIVER_INTERFACE: '127.0.0.1',
  PICKLE_RECEIVER_PORT: String(pickle),
  CACHE_QUERY_INTERFACE: '127.0.0.1',
  CACHE_QUERY_PORT: String(query),
});

/** As Debian's, but for the bound of 50 new series a minute, and for tags, which would be told to a graphite-web. */
async function writeConfiguration(
  directory: string,
  settings: Readonly<Record<string, string>>,
  retentions: string,
): Promise<void> {
  const all = {
    STORAGE_DIR: directory,
    LOCAL_DATA_DIR: join(directory, 'whisper'),
    CONF_DIR: directory,
    LOG_DIR: join(directory, 'log'),
    PID_DIR: directory,
    USER: '',
    MAX_CREATES_PER_MINUTE: 'inf',
    ENABLE_TAGS: 'False',
    ...settings,
  };
  await mkdir(join(directory, 'log'), { recursive: true });
  await writeFile(
    join(directory, 'carbon.conf'),
    `[cache]\n${Object.entries(all)
      .map(([key, value]) => `${key} = ${value}\n`)
      .join('')}`,
  );
  await writeFile(join(directory, 'storage-schemas.conf'), `[all]\npattern = .*\nretentions = ${retentions}\n`);
}

/** Where Carbon keeps a series (TaggedSeries.encode): by its nodes, or by the hash of a name with tags. */
function fileOf(directory: string, name: string): string {
  const hash = createHash('sha256').update(name).digest('hex');
  const path = name.includes(';')
    ? join('_tagged', hash.slice(0, 3), hash.slice(3, 6), hash)
    : name.replaceAll('.', '/');
  return join(directory, 'whisper', `${path}.wsp`);
}

async function valueAt(file: string, seconds: number): Promise<number> {
  for (;;) {
    const written = await access(file).then(
      () => fetched(file, seconds),
      () => undefined,
    );
    if (written !== undefined) return written;
  }
}

/** whisper-fetch itself, for many files in one process: an interpreter for each would take minutes. */
const fetchMany = `
import contextlib, io, json, runpy, shutil, sys
program, answers = shutil.which('whisper-fetch'), []
for arguments in json.load(sys.stdin):
    said, sys.argv = io.StringIO(), [program] + arguments
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit): runpy.run_path(program, run_name='__main__')
    answers.append(json.loads(said.getvalue()))
json.dump(answers, sys.stdout)
`;

/** With the finest step, of a second, which whisper has for the last hour. */
async function fetchedSince(
  fileOfSeries: (name: string) => string,
  wanted: ReadonlyMap<string, number>,
  seconds: number,
) {
  const found = new Map<string, ReadonlyMap<number, number>>();
  for (
    let missing = [...wanted.keys()];
    missing.length > 0;
    missing = missing.filter((name) => (found.get(name)?.size ?? 0) < (wanted.get(name) ?? 0))
  ) {
    const present: string[] = [];
    for (const name of missing)
      await access(fileOfSeries(name)).then(
        () => present.push(name),
        () => {},
      );
    const asking = run('/usr/bin/python3', ['-c', fetchMany], { maxBuffer: 2 ** 26 });
    asking.child.stdin?.end(
      JSON.stringify(present.map((name) => [`--from=${seconds - 1}`, '--json', fileOfSeries(name)])),
    );
    const answers = JSON.parse((await asking).stdout) as { start: number; step: number; values: (number | null)[] }[];
    answers.forEach(({ start, step, values }, index) => {
      found.set(
        present[index] as string,
        new Map(values.flatMap((value, at) => (value === null ? [] : [[start + at * step, value] as const]))),
      );
    });
  }
  return found;
}

/** whisper-fetch begins with the step after `--from`: a second for what is of this hour, an hour for what is years old. */
async function fetched(file: string, seconds: number): Promise<number | undefined> {
  const stepSeconds = Date.now() / 1000 - seconds < 1_800 ? 1 : 3_600;
  const { stdout } = await run('whisper-fetch', [
    `--from=${seconds - stepSeconds}`,
    `--until=${seconds}`,
    '--json',
    file,
  ]);
  const { start, step, values } = JSON.parse(stdout) as { start: number; step: number; values: (number | null)[] };
  return values[Math.floor((seconds - start) / step)] ?? undefined;
}
