// collectd's notifications: write_http posts them in the form of Alertmanager's first version.

import type { DataPoint } from '../../../model/point.ts';
import { annotationOf } from '../event-annotation.ts';
import { at, found, isObject, Malformed, textOf } from '../exact-json.ts';
import { dottedPath, legalTags } from '../legal-name.ts';
import { msOfIso } from '../moment.ts';
import { pointOf, type ReadingOptions } from '../naming.ts';
import { hostPath } from './legacy-path.ts';

/** Whether an element of the array is a notification, and no value list. */
export function isNotification(element: unknown): boolean {
  return isObject(at(element, 'labels')) && at(element, 'values') === undefined;
}

/**
 * A notification as a point of value 1 with the annotation. Up to collectd 5.12 the severity stands in the labels, since then in the
 * annotations; one that is over has `endsAt`.
 *
 * @throws Malformed
 */
export function notificationPoint(element: unknown, options: ReadingOptions): DataPoint {
  const host = textOf(at(element, 'labels', 'instance'));
  const alert = textOf(at(element, 'labels', 'alertname'));
  if (host === undefined)
    throw new Malformed(`labels.instance: expected the host, found ${found(at(element, 'labels', 'instance'))}`);
  if (alert === undefined)
    throw new Malformed(`labels.alertname: expected a name, found ${found(at(element, 'labels', 'alertname'))}`);
  const severity =
    textOf(at(element, 'labels', 'severity')) ?? textOf(at(element, 'annotations', 'severity')) ?? 'unknown';
  const ends = at(element, 'endsAt');
  const timeMs =
    ends === undefined ? msOfIso('startsAt', at(element, 'startsAt'), options) : msOfIso('endsAt', ends, options);
  const summary = textOf(at(element, 'annotations', 'summary')) ?? `${alert} on ${host}`;
  const annotation = annotationOf({
    startMs: timeMs,
    description: `${severity}: ${alert} on ${host}`,
    notes: summary,
    custom: {
      host,
      severity,
      alert,
      ...textsOf(at(element, 'labels'), ['instance', 'alertname', 'severity', 'service']),
    },
    id: `${host} ${alert} ${severity} ${timeMs} ${summary}`,
  });
  const name =
    options.naming === 'legacy'
      ? { metric: dottedPath('mitt', hostPath(host), 'notifications', alert, severity) }
      : { metric: 'collectd.notifications', tags: legalTags({ host, alert, severity }) };
  return pointOf({ ...name, value: '1', timeMs, annotation }, options);
}

/** Its other members that are text; at most eight. */
function textsOf(object: unknown, known: readonly string[]): Record<string, string> {
  const entries = Object.entries(isObject(object) ? object : {});
  return Object.fromEntries(
    entries
      .flatMap(([name, value]) => (typeof value === 'string' && !known.includes(name) ? [[name, value]] : []))
      .slice(0, 8),
  );
}
