// A real carbon-cache from Debian's graphite-carbon, whose whisper files a test reads.

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
  /** Resolves with the value of a series at a second, once its whisper file has it. */
  value(name: string, seconds: number): Promise<number>;
  hasFile(name: string): Promise<boolean>;
  /** Resolves with the values of each series since a second, by second, once every file has the wanted number. */
  since(
    wanted: ReadonlyMap<string, number>,
    seconds: number,
  ): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>>;
  seriesCount(): Promise<number>;
  /** Resolves once the process has ended. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Restarts it on the same port and files. */
  start(settings?: Readonly<Record<string, string>>): Promise<void>;
}

/**
 * Starts one on free ports with files of its own, and kills it after the test.
 *
 * @param retentions - of every whisper file
 */
export async function carbonCache(
  t: Pick<ExecutionContext, 'teardown'>,
  settings: Readonly<Record<string, string>> = {},
  retentions = '1s:1h,60s:30d,1h:20y',
): Promise<CarbonCache> {
  const directory = await temporaryDirectory(t);
  const [port, pickle, query] = await Promise.all([freePort(), freePort(), freePort()]);
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  const carbon: CarbonCache = {
    port,
    value: (name, seconds) => valueAt(fileOf(directory, name), seconds),
    since: (wanted, seconds) => fetchedSince((name) => fileOf(directory, name), wanted, seconds),
    seriesCount: async () =>
      (await readdir(join(directory, 'whisper'), { recursive: true })).filter((file) => file.endsWith('.wsp')).length,
    hasFile: (name) =>
      access(fileOf(directory, name)).then(
        () => true,
        () => false,
      ),
    async kill(signal) {
      child?.kill(signal);
      await ended;
    },
    async start(settings = {}) {
      await writeConfiguration(directory, { ...ports({ port, pickle, query }), ...settings }, retentions);
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
      const output: Buffer[] = [];
      const text = (): string => Buffer.concat(output).toString();
      const isListening = new Promise<void>((resolve) => {
        child?.stdout?.on('data', (chunk: Buffer) => {
          output.push(chunk);
          if (text().includes(`starting on ${port}\n`)) resolve();
        });
      });
      child.stderr?.on('data', (chunk: Buffer) => output.push(chunk));
      ended = new Promise((resolve) => {
        started.once('exit', () => resolve());
        started.once('error', (error) => {
          output.push(
            Buffer.from(
              `${error.message}; the tests of Graphite need Debian's graphite-carbon (BRIDGE_E2E=off leaves them out)`,
            ),
          );
          resolve();
        });
      });
      const failed = ended.then(() => {
        throw new Error(`carbon-cache ended: ${text().slice(-2000)}`);
      });
      await Promise.race([isListening, failed]);
      failed.catch(() => {});
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

/** Debian's configuration without the bound of 50 new series a minute, and without reporting tags to a graphite-web. */
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

/** Returns the file of a series as TaggedSeries.encode does: by its nodes, or by the hash of a name with tags. */
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

/** Runs whisper-fetch for many files in one process; an interpreter for each would take minutes. */
const fetchMany = `
import contextlib, io, json, runpy, shutil, sys
program, answers = shutil.which('whisper-fetch'), []
for arguments in json.load(sys.stdin):
    output, sys.argv = io.StringIO(), [program] + arguments
    with contextlib.redirect_stdout(output), contextlib.suppress(SystemExit): runpy.run_path(program, run_name='__main__')
    answers.append(json.loads(output.getvalue()))
json.dump(answers, sys.stdout)
`;

/** Reads values by the second, which whisper keeps for the last hour. */
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
    const running = run('/usr/bin/python3', ['-c', fetchMany], { maxBuffer: 2 ** 26 });
    running.child.stdin?.end(
      JSON.stringify(present.map((name) => [`--from=${seconds - 1}`, '--json', fileOfSeries(name)])),
    );
    const answers = JSON.parse((await running).stdout) as { start: number; step: number; values: (number | null)[] }[];
    answers.forEach(({ start, step, values }, index) => {
      found.set(
        present[index] as string,
        new Map(values.flatMap((value, at) => (value === null ? [] : [[start + at * step, value] as const]))),
      );
    });
  }
  return found;
}

/** whisper-fetch begins one step after `--from`: a second in the last hour, an hour before. */
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
