// The configuration of the Docker source: where the engine is, and the checks across its settings.

import type { DockerSettings } from '../../sources/docker/docker.ts';
import { engineUrl } from './addresses.ts';
import { type Environment, type Fault, faultAt, type ResolvedSettings } from './origins.ts';
import type { SettingValues } from './settings.ts';

const defaultUrl = 'unix:///var/run/docker.sock';

/** Where `--docker env` finds the engine, as Docker's own command line does. An empty variable counts as unset. */
function environmentUrl({ DOCKER_HOST: host = '' }: Environment): string {
  return host === '' ? defaultUrl : host;
}

/** A wrong DOCKER_HOST, which is read for `--docker env` alone. */
export function dockerFaults({ values: { docker } }: ResolvedSettings, env: Environment): Fault[] {
  if (docker !== 'env') return [];
  try {
    engineUrl(environmentUrl(env));
    return [];
  } catch (error) {
    return [faultAt({ rank: 2, where: 'DOCKER_HOST' }, (error as Error).message)];
  }
}

/** Undefined without --docker. */
export function dockerConfig(values: SettingValues, env: Environment): DockerSettings | undefined {
  const { docker, dockerNaming: naming, dockerPrefix } = values;
  if (docker === undefined) return undefined;
  return {
    url: docker === 'env' ? environmentUrl(env) : docker,
    isTls: values.dockerTls,
    certDirectory: values.dockerCertPath,
    pollMs: values.dockerPoll,
    rules: values.dockerRules,
    include: values.dockerInclude,
    exclude: values.dockerExclude,
    labelTags: values.dockerLabels,
    naming,
    prefix: dockerPrefix ?? (naming === 'tags' ? 'docker' : ''),
    figures: values.dockerFigures,
    hostname: values.dockerHostname,
    concurrency: values.dockerConcurrency,
  };
}
