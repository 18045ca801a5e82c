// The options of `docker-stats`: those of docker-stats-to-backstop with their variables, and a few of the bridge's.

import type { SettingKey } from '../../config/settings/settings.ts';
import type { GoFlags } from './go-flags.ts';

export interface StatsOption {
  /** Without its dashes. */
  readonly name: string;
  /** The placeholder of the value in the help; a switch has none. */
  readonly argument?: string;
  /** The variable of docker-stats-to-backstop. */
  readonly variable?: string;
  /** The setting of the bridge that takes the value as it is. */
  readonly key?: SettingKey;
  readonly default?: string;
  readonly defaultText?: string;
  readonly help: string;
}

export const statsOptions: readonly StatsOption[] = [
  {
    name: 'backstop',
    argument: 'url',
    variable: 'SRV_BACKSTOP',
    key: 'backstopSink',
    help: 'send the figures to this Backstop: http(s)://user:password@host:port/publish/PREFIX',
  },
  {
    name: 'docker',
    argument: 'url',
    variable: 'SRV_DOCKER',
    key: 'docker',
    default: 'unix:///var/run/docker.sock',
    help: 'the Docker Engine: unix:///path, http(s)://host:port or tcp://host:port; env is where DOCKER_HOST says',
  },
  {
    name: 'rules',
    argument: 'json',
    variable: 'SRV_RULES',
    key: 'dockerRules',
    help: 'rules for names, as a JSON array of {regexp, into, category}; the first that matches a container renames it',
  },
  {
    name: 'prefix',
    argument: 'json',
    variable: 'SRV_PREFIX',
    help: 'the older form of a single rule: a JSON object {regexp, into}',
  },
  {
    name: 'poll',
    argument: 'duration',
    variable: 'SRV_POLL',
    key: 'dockerPoll',
    default: '5m',
    help: "the interval between polls in Go's notation, such as 500ms, 60s or 1h30m",
  },
  { name: 'verbose', help: 'also log the requests to Docker and Backstop, and their answers' },
  {
    name: 'hostname',
    argument: 'name',
    key: 'dockerHostname',
    defaultText: "this machine's",
    help: 'the host in the names of the figures of the host',
  },
  {
    name: 'figures',
    argument: 'figures',
    key: 'dockerFigures',
    default: 'original',
    help: 'original, those of docker-stats-to-backstop, or all',
  },
  {
    name: 'state-dir',
    argument: 'path',
    key: 'stateDir',
    defaultText: 'docker-stats below the state directory of the bridge',
    help: 'the directory of figures that wait for Backstop',
  },
  {
    name: 'admin-listen',
    argument: 'address',
    key: 'adminListen',
    default: '127.0.0.1:8082',
    help: '[host:]port of health, metrics and status page; the default moves to a free port if it is taken',
  },
  { name: 'log-level', argument: 'level', key: 'logLevel', default: 'info', help: 'debug, info, warn, error, silent' },
  {
    name: 'log-format',
    argument: 'format',
    key: 'logFormat',
    default: 'auto',
    help: 'text, json, or auto: text on a terminal, JSON otherwise',
  },
];

/** For the syntax of Go. */
export const goFlags: GoFlags = new Map(
  statsOptions.map(({ name, argument }) => [name, argument === undefined ? 'switch' : 'value']),
);
