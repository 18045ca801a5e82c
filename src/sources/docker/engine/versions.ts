// Versions of the Docker Engine API, and what each of them can do.

import { EngineError } from './engine.ts';

/** The first version with /containers/ID/stats. */
const oldest = '1.17';
/** The newest version whose changes are known. */
const newest = '1.52';

/** What an engine says about its versions. */
export interface OfferedVersions {
  /** ApiVersion, the newest that it speaks. */
  readonly apiVersion: string;
  /** MinAPIVersion; undefined on engines before API 1.25. */
  readonly minApiVersion: string | undefined;
}

/**
 * The newest version that both sides speak.
 *
 * @throws EngineError - there is none
 */
export function negotiate({ apiVersion, minApiVersion }: OfferedVersions): string {
  const [most, least] = [minorOf(apiVersion), minorOf(minApiVersion ?? oldest)];
  const ours = `the Docker Engine API ${oldest} to ${newest} is supported`;
  if (most < minorOf(oldest)) throw new EngineError(`${ours}, and the engine speaks ${apiVersion} at most`);
  if (least > minorOf(newest)) throw new EngineError(`${ours}, and the engine speaks ${minApiVersion} at least`);
  return most < minorOf(newest) ? apiVersion : newest;
}

/** Whether a version is the other or a later one. Both are such as `1.41`. */
export function isAtLeast(version: string, other: string): boolean {
  return minorOf(version) >= minorOf(other);
}

/** All versions of the API begin with `1.`. */
function minorOf(version: string): number {
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})$/.exec(version) ?? [];
  if (major === undefined || minor === undefined) {
    throw new EngineError(`expected an API version such as 1.41, found ${JSON.stringify(version.slice(0, 40))}`);
  }
  return Number(major) * 10_000 + Number(minor);
}
