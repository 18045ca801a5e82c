// Reads PagerDuty's alerts: webhooks of version 3, or incidents as Backstop's poller posted them.

import type { Annotation } from '../../model/point.ts';
import { annotationOf } from './annotation.ts';
import { type Item, pointOf, type ReadOptions } from './items.ts';
import { get, isObject } from '../json-members.ts';
import { describe, Malformed, parseForm, parseJson, requiredText, textOf } from './json.ts';
import { dottedPath, legalTags } from '../legal-name.ts';
import { parseIso } from './timestamps.ts';

interface Alert {
  /** Such as `incident.triggered`. */
  readonly event: string;
  /** Undefined for a posted incident. */
  readonly eventId: string | undefined;
  readonly incidentId: string | undefined;
  readonly service: { readonly id: string | undefined; readonly name: string };
  readonly incidentKey: string | undefined;
  readonly title: string | undefined;
  readonly urgency: string | undefined;
  readonly nagiosHost: string | undefined;
  readonly nagiosService: string | undefined;
  /** ms since 1970 UTC */
  readonly timeMs: number;
  /** When a resolved incident began, ms since 1970 UTC. */
  readonly beganMs: number | undefined;
}

export interface PagerDutyItems {
  readonly items: readonly Item[];
  /** For deduplication. */
  readonly eventId: string | undefined;
}

/**
 * Events such as the test `pagey.ping` have no points.
 * In legacy naming only the beginning of an incident has one, since Backstop received nothing else.
 *
 * @param text - JSON, or a form such as `service[name]=nagios&created_on=…`
 * @throws Malformed
 */
export function pagerDutyItems(text: string, options: ReadOptions): PagerDutyItems {
  const body = text.trimStart().startsWith('{') ? parseJson(text) : parseForm(text);
  const isWebhook = isObject(get(body, 'event'));
  const alert = isWebhook ? webhookAlert(body, options.nowMs) : postedAlert(body, options.nowMs);
  const eventId = isWebhook ? textOf(get(body, 'event', 'id')) : undefined;
  const isLegacy = options.naming === 'legacy';
  if (alert === undefined || (isLegacy && !isBeginning(alert))) return { eventId, items: [{ points: [] }] };
  const { event, service, urgency, timeMs } = alert;
  const name = isLegacy
    ? { metric: dottedPath('alerts', legacyName(alert)) }
    : { metric: 'pagerduty.events', tags: legalTags({ service: service.name, event, urgency }) };
  const point = pointOf({ ...name, value: '1', timeMs, annotation: annotationOfAlert(alert) }, options);
  return { eventId, items: [{ points: [point] }] };
}

/** Undefined for an event that is not stored. */
function webhookAlert(body: unknown, nowMs: number): Alert | undefined {
  const event = requiredText(body, 'a type', 'event', 'event_type');
  const data = get(body, 'event', 'data');
  if (!event.startsWith('incident.') || !isObject(data)) return undefined;
  const service = isObject(get(data, 'service')) ? get(data, 'service') : get(data, 'incident', 'service');
  const incidentKey = textOf(get(data, 'incident_key'));
  const createdAt = get(data, 'created_at');
  const isOver = event === 'incident.resolved' && typeof createdAt === 'string';
  return {
    event,
    eventId: textOf(get(body, 'event', 'id')),
    incidentId: textOf(get(data, 'id')),
    service: {
      id: textOf(get(service, 'id')),
      name: textOf(get(service, 'summary')) ?? textOf(get(service, 'name')) ?? 'unknown',
    },
    incidentKey,
    title: textOf(get(data, 'title')) ?? textOf(get(data, 'incident', 'summary')),
    urgency: textOf(get(data, 'urgency')),
    nagiosHost: /\bhost_name=([^;\s]+)/.exec(incidentKey ?? '')?.[1],
    nagiosService: /\bservice_desc=([^;]+)/.exec(incidentKey ?? '')?.[1],
    timeMs: parseIso('event.occurred_at', get(body, 'event', 'occurred_at'), nowMs),
    beganMs: isOver ? parseIso('event.data.created_at', createdAt, nowMs) : undefined,
  };
}

function postedAlert(body: unknown, nowMs: number): Alert {
  const service = get(body, 'service');
  if (!isObject(service)) {
    throw new Malformed(
      `service: expected a webhook with an event, or an incident with its service, found ${describe(service)}`,
    );
  }
  const name = requiredText(body, 'a name', 'service', 'name');
  const summary = get(body, 'trigger_summary_data');
  return {
    event: 'incident.triggered',
    eventId: undefined,
    incidentId: textOf(get(body, 'id')) ?? textOf(get(body, 'incident_number')),
    service: { id: textOf(get(service, 'id')), name },
    incidentKey: textOf(get(body, 'incident_key')),
    title: textOf(get(summary, 'subject')) ?? textOf(get(summary, 'description')),
    urgency: textOf(get(body, 'urgency')),
    nagiosHost:
      name === 'nagios'
        ? requiredText(body, 'a host', 'trigger_summary_data', 'HOSTNAME')
        : textOf(get(summary, 'HOSTNAME')),
    nagiosService: textOf(get(summary, 'SERVICEDESC')),
    timeMs: parseIso('created_on', get(body, 'created_on'), nowMs),
    beganMs: undefined,
  };
}

/** The events that Backstop's poller listed. */
function isBeginning({ event }: Alert): boolean {
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

/** Backstop's names for Pingdom's checks. */
function spacesAsDots(text: string): string {
  return text.replaceAll('.', '_').replace(/[()]/g, '').trim().replace(/\s+/g, '.');
}

function annotationOfAlert(alert: Alert): Annotation {
  const { event, eventId, incidentId, service, incidentKey, title, urgency, timeMs, beganMs } = alert;
  const subject = title ?? incidentKey ?? service.name;
  return annotationOf({
    startMs: beganMs ?? timeMs,
    endMs: beganMs === undefined ? undefined : timeMs,
    description: `${event.replace(/^incident\./, '')}: ${subject}`,
    custom: { service: service.name, event, urgency, incident: incidentId, key: incidentKey },
    id: `${eventId ?? ''} ${event} ${incidentId ?? ''} ${subject} ${timeMs}`,
  });
}
