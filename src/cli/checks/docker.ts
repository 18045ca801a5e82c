// Checks that the Docker Engine answers, that its events may be read, and that the rules for names match containers.

import type { ConfigRead } from '../../config/config.ts';
import type { Clock } from '../../runtime/clock.ts';
import { withTimeout } from '../../runtime/deadline.ts';
import type { DockerSettings } from '../../sources/docker/docker.ts';
import { engineAddress, isSocketFile } from '../../sources/docker/engine/address.ts';
import { type Engine, EngineError, type ListedContainer } from '../../sources/docker/engine/engine.ts';
import { isSelected, parseFilter } from '../../sources/docker/naming/filters.ts';
import { parseRules } from '../../sources/docker/naming/rules.ts';
import { engineText } from '../../status/docker-detail.ts';
import { type CheckContext, fault, type Finding, ok, warning } from './finding.ts';

const what = 'Docker';
const requestTimeoutMs = 15_000;
/** An engine before API 1.22 may answer with the first event, which may be long in coming. */
const eventsTimeoutMs = 1000;

export async function dockerCheck({ config: { docker } }: ConfigRead, context: CheckContext): Promise<Finding[]> {
  if (docker === undefined) return [];
  const { clock, signal } = context;
  const { openEngine } = await import('../../sources/docker/engine/open-engine.ts');
  const engine = openEngine({ address: engineAddress(docker, isSocketFile), clock, requestTimeoutMs, concurrency: 1 });
  try {
    const info = await engine.connect(signal);
    const listed = await engine.containers(signal);
    return [
      ok(what, `${engine.address}: ${engineText(info)}, ${containersText(listed)}`),
      ...(await eventFindings(engine, clock, signal)),
      ...nameFindings(docker, listed),
    ];
  } catch (error) {
    signal.throwIfAborted();
    return [fault(what, `${engine.address}: ${withoutAddress(error as Error, engine)}`, 69, adviceFor(error as Error))];
  } finally {
    engine.close();
  }
}

/** Some messages of the engine's client begin with the address. */
function withoutAddress({ message }: Error, { address }: Engine): string {
  return message.startsWith(`${address}: `) ? message.slice(address.length + 2) : message;
}

function containersText(listed: readonly ListedContainer[]): string {
  const running = listed.filter(({ isRunning }) => isRunning).length;
  return `${listed.length} containers, ${running} running`;
}

const proxyAdvice =
  'to read it is to be root on that machine, so a proxy that lets only GET through is better than the socket itself';

function adviceFor(error: Error): string {
  if (/EACCES|permission denied/i.test(`${error.message} ${codeOf(error)}`))
    return `the user of the bridge must be in the group docker; ${proxyAdvice}`;
  const waits = 'the bridge starts without it and tries again; look at --docker';
  return error instanceof EngineError && (error.status === 401 || error.status === 403)
    ? 'let the proxy allow GET of /_ping, /version, /info, /events and /containers, or look at the password of --docker'
    : `${waits}, and whether the engine runs`;
}

function codeOf({ cause }: Error): string {
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
}

/** Opens the stream of events and closes it again. */
async function eventFindings(engine: Engine, clock: Clock, signal: AbortSignal): Promise<Finding[]> {
  const done = new AbortController();
  const opened = new Promise<void>((resolve, reject) => {
    const events = engine.events(undefined, done.signal, resolve)[Symbol.asyncIterator]();
    events.next().then(() => resolve(), reject);
  });
  try {
    await withTimeout(clock, eventsTimeoutMs, signal, () => opened);
    return [];
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EngineError)) return [];
    const advice =
      'restarts, OOM kills and exits are not counted without it; let the proxy allow GET of /events (EVENTS=1 for docker-socket-proxy)';
    return [warning(what, `events are refused: ${withoutAddress(error, engine)}`, advice)];
  } finally {
    done.abort();
  }
}

/** Stopped containers count: they may run later. */
function nameFindings(docker: DockerSettings, listed: readonly ListedContainer[]): Finding[] {
  const [include, exclude] = [docker.include.map(parseFilter), docker.exclude.map(parseFilter)];
  const selected = listed.filter((container) => isSelected(container, include, exclude));
  if (listed.length > 0 && selected.length === 0)
    return [warning(what, 'no container is selected', 'look at --docker-include and --docker-exclude')];
  const unmatched = parseRules(docker.rules).rules.flatMap(({ pattern }, index) =>
    selected.some(({ name }) => pattern.test(name)) ? [] : [index + 1],
  );
  if (selected.length === 0 || unmatched.length === 0) return [];
  const advice = 'rules are tried on the name without its slash; look at --docker-rules, and at `docker ps` for names';
  const rules = unmatched.length === 1 ? `rule ${unmatched[0]} matches` : `rules ${unmatched.join(', ')} match`;
  return [warning(what, `${rules} no container`, advice)];
}
