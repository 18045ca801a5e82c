// Containers as /containers/json and /containers/ID/json describe them.

import { isObject } from '../../json-members.ts';
import { textAt, textsOf } from './answer.ts';
import { type ContainerDetails, EngineError, type ListedContainer } from './engine.ts';

/** @throws EngineError */
export function listedContainers(call: string, answer: unknown): readonly ListedContainer[] {
  if (!Array.isArray(answer)) throw new EngineError(`${call}: expected an array, found ${describe(answer)}`);
  return answer.map((item: unknown) => listedContainer(call, item));
}

function listedContainer(call: string, item: unknown): ListedContainer {
  const id = textAt(item, 'Id');
  if (!isObject(item) || id === '')
    throw new EngineError(`${call}: expected containers with Id, found ${describe(item)}`);
  const state = textAt(item, 'State');
  return {
    id,
    name: nameOf(item['Names']) ?? id,
    image: textAt(item, 'Image'),
    labels: textsOf(item['Labels']),
    state,
    isRunning: isRunning(state, textAt(item, 'Status')),
  };
}

/** A linked container has its name in every container that links to it besides: `/web/db`. Its own has one slash. */
function nameOf(names: unknown): string | undefined {
  if (!Array.isArray(names)) return undefined;
  const texts = names.filter((name): name is string => typeof name === 'string' && name !== '');
  const name = texts.find((text) => text.lastIndexOf('/') <= 0) ?? texts[0];
  return name?.replace(/^\//, '');
}

/**
 * Whether the engine measures the container. It measures a paused one, and not one that is between two starts.
 * Engines before API 1.23 have no State, and a Status such as `Up 3 minutes (Paused)`.
 */
function isRunning(state: string, status: string): boolean {
  return state === '' ? /^Up\b/.test(status) : state === 'running' || state === 'paused';
}

/** @throws EngineError */
export function containerDetails(call: string, answer: unknown): ContainerDetails {
  if (!isObject(answer) || !isObject(answer['State'])) {
    throw new EngineError(`${call}: expected an object with State, found ${describe(answer)}`);
  }
  return { startedAtMs: timeOf(call, textAt(answer['State'], 'StartedAt')) };
}

/** Go's zero time, in the year 1, is the time of what never happened. */
function timeOf(call: string, text: string): number | undefined {
  if (text === '' || text.startsWith('0001-01-01T')) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new EngineError(`${call}: StartedAt: expected a time, found ${describe(text)}`);
  return ms;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (isObject(value)) return `an object with the members ${JSON.stringify(Object.keys(value).slice(0, 5))}`;
  return JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
}
