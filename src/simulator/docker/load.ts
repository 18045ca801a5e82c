// The load of a simulated container: counters that grow with the time that it has run.

/** What the engine reads from a container's cgroup and interfaces. Counters begin at 0 with every start. */
export interface Counters {
  readonly cpuNs: bigint;
  readonly kernelNs: bigint;
  readonly userNs: bigint;
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledNs: bigint;
  readonly memoryBytes: number;
  readonly maxMemoryBytes: number;
  /** The page cache; part of memoryBytes, as is inactiveFileBytes of it. */
  readonly fileBytes: number;
  readonly inactiveFileBytes: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly interfaces: Readonly<Record<string, InterfaceCounters>>;
  readonly pids: number;
}

export interface InterfaceCounters {
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDropped: number;
}

export interface LoadOptions {
  readonly interfaces: readonly string[];
  readonly memoryLimitBytes: number;
  /** The CPUs that the container may use; undefined: all, and nothing is throttled. */
  readonly cpus: number | undefined;
  /** Memory fills the limit within about this time. */
  readonly fillsMemoryMs: number | undefined;
  readonly random: () => number;
}

const mebibyte = 1024 * 1024;
/** CFS periods: 100 ms. */
const periodMs = 100;

/** Draws the rates of a container. Returns its counters after it has run for a time, which never fall while it runs. */
export function drawLoad(options: LoadOptions): (runningMs: number) => Counters {
  const { random, memoryLimitBytes, cpus } = options;
  const wave = drawWave(random);
  const share = Math.min(0.02 + 0.4 * random() ** 2, (cpus ?? 2) * 0.9);
  const kernelShare = 0.1 + 0.2 * random();
  const throttledShare = cpus === undefined ? 0 : Math.min(0.9, share / cpus / 2);
  const memory = drawMemory(options);
  const [readRate, writeRate] = [random() * 200, random() * 400];
  const interfaces = options.interfaces.map((name) => [name, drawInterface(random)] as const);
  const pids = 1 + Math.floor(random() * 30);

  return (runningMs) => {
    const busyMs = wave(runningMs);
    const cpuNs = nanoseconds(busyMs * share);
    const kernelNs = nanoseconds(busyMs * share * kernelShare);
    const periods = cpus === undefined ? 0 : Math.floor(runningMs / periodMs);
    const throttledPeriods = Math.floor(periods * throttledShare);
    const inUse = Math.min(memory.atMs(runningMs), memoryLimitBytes);
    return {
      cpuNs,
      kernelNs,
      userNs: cpuNs - kernelNs,
      periods,
      throttledPeriods,
      throttledNs: BigInt(throttledPeriods) * 61_234_567n,
      memoryBytes: inUse,
      maxMemoryBytes: Math.max(inUse, memory.maxByMs(runningMs)),
      fileBytes: Math.floor(inUse * 0.3),
      inactiveFileBytes: Math.floor(inUse * 0.24),
      readBytes: blocks(busyMs * readRate),
      writtenBytes: blocks(busyMs * writeRate),
      interfaces: Object.fromEntries(interfaces.map(([name, counters]) => [name, counters(busyMs)])),
      pids,
    };
  };
}

/** The time weighted by a load that swings between 40 % and 160 %, without ever running backwards. */
function drawWave(random: () => number): (ms: number) => number {
  const lengthMs = (3 + 12 * random()) * 60_000;
  const [swing, phase, circle] = [0.6, random() * 2 * Math.PI, 2 * Math.PI];
  const at = (ms: number): number => ms - ((swing * lengthMs) / circle) * Math.cos((circle * ms) / lengthMs + phase);
  return (ms) => at(ms) - at(0);
}

interface Memory {
  atMs(runningMs: number): number;
  /** The most until then. */
  maxByMs(runningMs: number): number;
}

function drawMemory({ random, memoryLimitBytes, fillsMemoryMs }: LoadOptions): Memory {
  const base = Math.min((8 + 200 * random()) * mebibyte, memoryLimitBytes * 0.4);
  const swingMs = (5 + 20 * random()) * 60_000;
  const pages = (bytes: number): number => Math.floor(bytes / 4096) * 4096;
  if (fillsMemoryMs !== undefined) {
    const atMs = (ms: number): number => pages(base + ((memoryLimitBytes - base) * ms) / fillsMemoryMs);
    return { atMs, maxByMs: (ms) => Math.min(atMs(ms), memoryLimitBytes) };
  }
  const atMs = (ms: number): number => pages(base * (1 + 0.2 * Math.sin((2 * Math.PI * ms) / swingMs)));
  return { atMs, maxByMs: (ms) => atMs(Math.min(ms, swingMs / 4)) };
}

function drawInterface(random: () => number): (busyMs: number) => InterfaceCounters {
  const [rx, tx] = [1 + random() * 300, 1 + random() * 900];
  const lossy = random() < 0.2 ? 1 / 60_000 : 0;
  return (busyMs) => ({
    rxBytes: Math.floor(busyMs * rx),
    rxPackets: Math.floor((busyMs * rx) / 700),
    rxErrors: 0,
    rxDropped: Math.floor(busyMs * lossy),
    txBytes: Math.floor(busyMs * tx),
    txPackets: Math.floor((busyMs * tx) / 900),
    txErrors: 0,
    txDropped: 0,
  });
}

function nanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1_000_000));
}

function blocks(bytes: number): number {
  return Math.floor(bytes / 4096) * 4096;
}
