// Reads collectd's notifications, which write_http posts in the format of Alertmanager's API v1.

import type { DataPoint } from '../../../model/point.ts';
import { annotationOf } from '../annotation.ts';
import { pointOf, type ReadOptions } from '../items.ts';
import { get, isObject } from '../../json-members.ts';
import { requiredText, textOf } from '../json.ts';
import { dottedPath, legalTags } from '../../legal-name.ts';
import { parseIso } from '../timestamps.ts';
import { hostPath } from './legacy-path.ts';

/** Tells a notification from a value list. */
export function isNotification(element: unknown): boolean {
  return isObject(get(element, 'labels')) && get(element, 'values') === undefined;
}

/**
 * A notification becomes a point of value 1 with an annotation. The severity is a label up to collectd 5.12 and an
 * annotation in later versions. A resolved notification has `endsAt`.
 *
 * @throws Malformed
 */
export function notificationPoint(element: unknown, options: ReadOptions): DataPoint {
  const labels = get(element, 'labels');
  const host = requiredText(element, 'the host', 'labels', 'instance');
  const alert = requiredText(element, 'a name', 'labels', 'alertname');
  const severity = textOf(get(labels, 'severity')) ?? textOf(get(element, 'annotations', 'severity')) ?? 'unknown';
  const timeField = get(element, 'endsAt') === undefined ? 'startsAt' : 'endsAt';
  const timeMs = parseIso(timeField, get(element, timeField), options.nowMs);
  const summary = textOf(get(element, 'annotations', 'summary')) ?? `${alert} on ${host}`;
  const annotation = annotationOf({
    startMs: timeMs,
    description: `${severity}: ${alert} on ${host}`,
    notes: summary,
    custom: { host, severity, alert, ...otherLabels(labels) },
    id: `${host} ${alert} ${severity} ${timeMs} ${summary}`,
  });
  const name =
    options.naming === 'legacy'
      ? { metric: dottedPath('mitt', hostPath(host), 'notifications', alert, severity) }
      : { metric: 'collectd.notifications', tags: legalTags({ host, alert, severity }) };
  return pointOf({ ...name, value: '1', timeMs, annotation }, options);
}

const knownLabels = ['instance', 'alertname', 'severity', 'service'];
const maxOtherLabels = 8;

function otherLabels(labels: unknown): Record<string, string> {
  const others = Object.entries(isObject(labels) ? labels : {}).flatMap(([name, value]) =>
    typeof value === 'string' && !knownLabels.includes(name) ? [[name, value]] : [],
  );
  return Object.fromEntries(others.slice(0, maxOtherLabels));
}
