// Container events as the engines of all versions and Podman send them.

import { isLosslessNumber } from 'lossless-json';
import { isObject } from '../../json-members.ts';
import { excerptOf, parseLossless, textAt, textsOf } from './answer.ts';
import { type ContainerEvent, EngineError } from './engine.ts';

/** Podman's names, by Docker's. Newer versions of Podman translate `died` themselves (pkg/api/handlers/compat/events.go). */
const podmanActions: Readonly<Record<string, string>> = { died: 'die', remove: 'destroy', exec_died: 'exec_die' };

/** Attributes that the engine adds to the labels of the container. */
const ownAttributes = new Set([
  'name',
  'image',
  'exitCode',
  'execDuration',
  'execID',
  'signal',
  'oldName',
  'containerExitCode',
  'podId',
]);

/**
 * A line of /events. Undefined: it is not about a container.
 *
 * Before API 1.22 an event has only status, id, from and time; before 1.21 the time has whole seconds
 * (moby, docs/api/version-history.md). From API 1.52 on, status, id and from are gone.
 *
 * @throws EngineError - not an event
 */
export function containerEvent(call: string, line: string): ContainerEvent | undefined {
  const event = parseLossless(call, line);
  const action = textAt(event, 'Action') || textAt(event, 'status');
  const atNs = nanosecondsOf(event);
  if (!isObject(event) || action === '' || atNs === undefined) {
    throw new EngineError(`${call}: expected an event, found ${excerptOf(line)}`);
  }
  const actor = event['Actor'];
  const id = textAt(actor, 'ID') || textAt(event, 'id');
  const isContainer = isObject(actor) ? textAt(event, 'Type') === 'container' : isOldContainerEvent(event);
  if (!isContainer || id === '') return undefined;
  const attributes = textsOf(isObject(actor) ? actor['Attributes'] : undefined);
  return {
    id,
    name: attributes['name'] || id,
    action: actionOf(action),
    atMs: Number(BigInt(atNs) / 1_000_000n),
    atNs,
    exitCode: exitCodeOf(attributes, action),
    labels: Object.fromEntries(Object.entries(attributes).filter(([name]) => !ownAttributes.has(name))),
    image: attributes['image'] || textAt(event, 'from') || undefined,
  };
}

/** Podman gives every event a containerExitCode, which is 0 for all but the end of a container. */
function exitCodeOf(attributes: Readonly<Record<string, string>>, action: string): string | undefined {
  return attributes['exitCode'] || (action === 'died' ? attributes['containerExitCode'] : undefined) || undefined;
}

/** Before API 1.22, events of images have no `from`. */
function isOldContainerEvent(event: unknown): boolean {
  return textAt(event, 'from') !== '';
}

/** `exec_create: /bin/sh -c …` ends with the command, which may hold a secret. */
function actionOf(action: string): string {
  const name = action.startsWith('exec_') ? (action.split(':')[0] as string) : action;
  return Object.hasOwn(podmanActions, name) ? (podmanActions[name] as string) : name;
}

function nanosecondsOf(event: unknown): string | undefined {
  const [precise, seconds] = [integerAt(event, 'timeNano'), integerAt(event, 'time')];
  return precise ?? (seconds === undefined ? undefined : `${seconds}000000000`);
}

function integerAt(value: unknown, name: string): string | undefined {
  const member = isObject(value) ? value[name] : undefined;
  return isLosslessNumber(member) && /^[1-9]\d{0,19}$/.test(member.value) ? member.value : undefined;
}

/** The parameter `since`: seconds, with nanoseconds from API 1.21 on, as Docker's command line writes it. */
export function sinceOf(atNs: string, hasNanoseconds: boolean): string {
  const digits = atNs.padStart(10, '0');
  const seconds = digits.slice(0, -9);
  return hasNanoseconds ? `${seconds}.${digits.slice(-9)}` : seconds;
}
