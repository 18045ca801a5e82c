// The settings of the Docker source. Variables of Docker's own command line say where the engine is; none switches the source on.

import { createRequire } from 'node:module';
import type * as Filters from '../../../sources/docker/naming/filters.ts';
import type * as Rules from '../../../sources/docker/naming/rules.ts';
import { parseLabelTag } from '../../../sources/docker/naming/labels.ts';
import { engineUrl, withoutPassword } from '../addresses.ts';
import { inGroup, list, optional, toggle, value } from '../setting.ts';
import { choice, goInterval, interval, metricPrefix, path, printable, wholeNumber } from '../values.ts';

const [shortest, longest] = ['100ms', '24h'] as const;
const inGoNotation = goInterval(shortest, longest);

/** A duration in Go's notation, or an interval as the other settings have it, such as `5 min`. */
function poll(text: string): number {
  return /^\d+(\.\d+)? ?(min|[smh])$/i.test(text) ? interval('0.1s', longest)(text) : inGoNotation(text);
}

/** The source's own parsers are loaded with the first filter or rule, so that other bridges start without them. */
const require = createRequire(import.meta.url);
const parseFilter = (text: string): unknown =>
  (require('../../../sources/docker/naming/filters.js') as typeof Filters).parseFilter(text);
const parseRules = (text: string): unknown =>
  (require('../../../sources/docker/naming/rules.js') as typeof Rules).parseRules(text);

/** Refuses what `parse` refuses. The value is the text, which the source parses again. */
function checked(parse: (text: string) => unknown): (text: string) => string {
  return (text) => {
    parse(text);
    return text;
  };
}

export const dockerSettings = inGroup('Docker', {
  docker: optional({
    argument: 'url',
    parse: engineUrl,
    redact: withoutPassword,
    help: 'poll the containers of the Docker Engine at unix:///path, http(s)://host:port or tcp://host:port; env is where DOCKER_HOST says, else unix:///var/run/docker.sock',
  }),
  dockerTls: toggle({
    default: 'false',
    alsoFrom: [{ variable: 'DOCKER_TLS_VERIFY', text: 'true' }],
    help: 'use TLS for tcp://; https:// always does',
  }),
  dockerCertPath: optional({
    argument: 'path',
    alsoFrom: [{ variable: 'DOCKER_CERT_PATH' }],
    parse: path,
    help: 'a directory with ca.pem, cert.pem and key.pem for TLS; ca.pem alone, or the other two, are enough',
  }),
  dockerPoll: value({
    argument: 'interval',
    default: '60s',
    parse: poll,
    help: `the interval between polls, such as 500ms, 30s or 1h30m, from ${shortest} to ${longest}`,
  }),
  dockerRules: optional({
    argument: 'json',
    parse: checked(parseRules),
    help: 'rules for names, as a JSON array of {regexp, into, category}; the first that matches a container renames it',
  }),
  dockerInclude: list({
    argument: 'filters',
    separator: ',',
    parse: checked(parseFilter),
    help: 'poll these containers alone: name=GLOB, label=NAME or label=NAME=GLOB; several, separated by commas, of which one must match',
  }),
  dockerExclude: list({
    argument: 'filters',
    separator: ',',
    parse: checked(parseFilter),
    help: 'do not poll these containers; filters as for --docker-include',
  }),
  dockerLabels: list({
    argument: 'labels',
    separator: ',',
    default: 'project=com.docker.compose.project,service=com.docker.compose.service',
    parse: parseLabelTag,
    help: 'labels of containers that become tags, as label or tag=label, separated by commas',
  }),
  dockerNaming: value({
    argument: 'naming',
    default: 'tags',
    parse: choice(['legacy', 'tags']),
    help: "tags, OpenTSDB's form, or legacy, the dotted names of docker-stats-to-backstop, which have no tags",
  }),
  dockerPrefix: optional({
    argument: 'name',
    defaultText: 'docker with naming tags, none with naming legacy',
    parse: metricPrefix,
    help: 'the first part of every name, before a dot',
  }),
  dockerFigures: value({
    argument: 'figures',
    default: 'all',
    parse: choice(['all', 'original']),
    help: 'all, or original, those of docker-stats-to-backstop alone',
  }),
  dockerHostname: optional({
    argument: 'name',
    defaultText: "the engine's own name",
    parse: printable,
    help: 'the host in names and tags',
  }),
  dockerConcurrency: value({
    argument: 'number',
    default: '100',
    parse: wholeNumber(1, 10_000, 'a number', 5),
    help: 'how many containers are asked at once',
  }),
});
