// The configuration of the Docker source: where the engine is, and the checks across its settings.

import type { DockerSettings } from '../../sources/docker/docker.ts';
import { maxTags } from '../../model/legal-point.ts';
import { parseLabelTags, splitLabelTags } from '../../sources/docker/naming/labels.ts';
import { engineUrl } from './addresses.ts';
import { type Environment, type Fault, faultAt, type ResolvedSettings } from './origins.ts';
import type { SettingValues } from './settings.ts';

const ownTags = 'host, container, image, category and interface';
const defaultUrl = 'unix:///var/run/docker.sock';

/** Where `--docker env` finds the engine, as Docker's own command line does. An empty variable counts as unset. */
function environmentUrl({ DOCKER_HOST: host = '' }: Environment): string {
  return host === '' ? defaultUrl : host;
}

export function dockerFaults(resolved: ResolvedSettings, env: Environment): Fault[] {
  return [...wrongDockerHost(resolved, env), ...tagTwice(resolved)];
}

/** DOCKER_HOST is read for `--docker env` alone. */
function wrongDockerHost({ values: { docker } }: ResolvedSettings, env: Environment): Fault[] {
  if (docker !== 'env') return [];
  try {
    engineUrl(environmentUrl(env));
    return [];
  } catch (error) {
    return [faultAt({ rank: 2, where: 'DOCKER_HOST' }, (error as Error).message)];
  }
}

function tagTwice({ values: { dockerLabels }, texts, origins }: ResolvedSettings): Fault[] {
  if (dockerLabels === undefined) return [];
  try {
    parseLabelTags(texts.dockerLabels);
    return [];
  } catch (error) {
    return [faultAt(origins.dockerLabels, (error as Error).message)];
  }
}

/** Warnings for labels beyond the tags that OpenTSDB takes. */
export function dockerWarnings({ values: { docker, dockerLabels = [] }, origins }: ResolvedSettings): string[] {
  const leftOut = docker === undefined ? [] : splitLabelTags(dockerLabels).leftOut;
  if (leftOut.length === 0) return [];
  const tags = leftOut.map(({ tag }) => tag).join(', ');
  return [
    `${origins.dockerLabels.where}: ${tags}: not written, OpenTSDB takes ${maxTags} tags, and ${ownTags} may be among them`,
  ];
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
