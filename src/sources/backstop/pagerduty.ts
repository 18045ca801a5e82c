// PagerDuty's alerts: Backstop's series of an incident's beginning, or an annotation and a counter for each of its events.

import { annotationOf } from './event-annotation.ts';
import { type Alert, toldBy } from './alert.ts';
import { dottedPath, legalTags } from './legal-name.ts';
import { type Item, pointOf, type ReadingOptions } from './naming.ts';

export interface PagerDutyRead {
  readonly items: readonly Item[];
  readonly eventId: string | undefined;
}

/**
 * What a body holds. Events that are stored nowhere, such as the test `pagey.ping`, make no points; in legacy naming neither do those
 * after an incident's beginning, of which Backstop was never told.
 *
 * @throws Malformed
 */
export function readPagerDuty(text: string, options: ReadingOptions): PagerDutyRead {
  const { alert, eventId } = toldBy(text, options);
  if (alert === undefined || (options.naming === 'legacy' && !begins(alert)))
    return { eventId, items: [{ points: [] }] };
  const { event, service, urgency, timeMs } = alert;
  const name =
    options.naming === 'legacy'
      ? { metric: dottedPath('alerts', legacyName(alert)) }
      : { metric: 'pagerduty.events', tags: legalTags({ service: service.name, event, urgency }) };
  return {
    eventId,
    items: [{ points: [pointOf({ ...name, value: '1', timeMs, annotation: annotationOfAlert(alert) }, options)] }],
  };
}

/** Backstop's poller listed what was triggered, again when it was triggered again. */
function begins({ event }: Alert): boolean {
  return /^incident\.(triggered|reopened|unacknowledged)$/.test(event);
}

function legacyName({ service, incidentKey, title, nagiosHost, nagiosService }: Alert): string {
  switch (service.name) {
    case 'Pingdom':
      return dottedPath('pingdom', spacesAsDots(incidentKey ?? title ?? 'unknown'));
    case 'nagios':
      if (nagiosHost === undefined) break;
      return dottedPath('nagios', nagiosHost.replaceAll('.', '_'), nagiosService ?? 'host_down');
    case 'Enterprise Zendesk':
      return dottedPath('enterprise.zendesk', service.id ?? 'unknown');
  }
  return spacesAsDots(service.name);
}

/** As Backstop named what Pingdom watches. */
function spacesAsDots(text: string): string {
  return text.replaceAll('.', '_').replace(/[()]/g, '').trim().replace(/\s+/g, '.');
}

function annotationOfAlert({
  event,
  eventId,
  incidentId,
  service,
  incidentKey,
  title,
  urgency,
  timeMs,
  beganMs,
}: Alert) {
  const about = title ?? incidentKey ?? service.name;
  return annotationOf({
    startMs: beganMs ?? timeMs,
    endMs: beganMs === undefined ? undefined : timeMs,
    description: `${event.replace(/^incident\./, '')}: ${about}`,
    custom: { service: service.name, event, urgency, incident: incidentId, key: incidentKey },
    id: `${eventId ?? ''} ${event} ${incidentId ?? ''} ${about} ${timeMs}`,
  });
}
