// An alert of PagerDuty's, out of a webhook of its third version or out of an incident as Backstop's poller posted it.

import { at, exactJson, formFields, found, isObject, Malformed, textOf } from './exact-json.ts';
import { type Calendar, msOfIso } from './moment.ts';

export interface Alert {
  /** Such as `incident.triggered`. */
  readonly event: string;
  /** Of the event; an incident that a poller posted has none. */
  readonly eventId: string | undefined;
  readonly incidentId: string | undefined;
  readonly service: { readonly id: string | undefined; readonly name: string };
  readonly incidentKey: string | undefined;
  readonly title: string | undefined;
  readonly urgency: string | undefined;
  /** What Nagios says of itself. */
  readonly nagiosHost: string | undefined;
  readonly nagiosService: string | undefined;
  /** ms since 1970 UTC */
  readonly timeMs: number;
  /** When the incident began, ms since 1970 UTC; for one that is over. */
  readonly beganMs: number | undefined;
}

/** A webhook, or a test of one. */
export interface Told {
  /** For de-duplication; undefined: none. */
  readonly eventId: string | undefined;
  /** Undefined: nothing that is stored. */
  readonly alert: Alert | undefined;
}

/**
 * What a body tells: JSON, or a form such as `service[name]=nagios&created_on=…`.
 *
 * @throws Malformed that names the field and the value
 */
export function toldBy(text: string, calendar: Calendar): Told {
  const body = text.trimStart().startsWith('{') ? exactJson(text) : formFields(text);
  const event = at(body, 'event');
  if (isObject(event)) return webhook(event, calendar);
  if (!isObject(at(body, 'service')))
    throw new Malformed(
      `service: expected a webhook with an event, or an incident with its service, found ${found(at(body, 'service'))}`,
    );
  return { eventId: undefined, alert: incident(body, calendar) };
}

function webhook(event: unknown, calendar: Calendar): Told {
  const eventId = textOf(at(event, 'id'));
  const type = textOf(at(event, 'event_type'));
  if (type === undefined)
    throw new Malformed(`event.event_type: expected a type, found ${found(at(event, 'event_type'))}`);
  const data = at(event, 'data');
  const service = isObject(at(data, 'service')) ? at(data, 'service') : at(data, 'incident', 'service');
  const name = textOf(at(service, 'summary')) ?? textOf(at(service, 'name'));
  if (!type.startsWith('incident.') || !isObject(data)) return { eventId, alert: undefined };
  const incidentKey = textOf(at(data, 'incident_key'));
  const title = textOf(at(data, 'title')) ?? textOf(at(data, 'incident', 'summary'));
  const isOver = type === 'incident.resolved' && typeof at(data, 'created_at') === 'string';
  return {
    eventId,
    alert: {
      event: type,
      eventId,
      incidentKey,
      title,
      incidentId: textOf(at(data, 'id')),
      service: {
        id: textOf(at(service, 'id')),
        name: name ?? 'unknown',
      },
      urgency: textOf(at(data, 'urgency')),
      nagiosHost: /\bhost_name=([^;\s]+)/.exec(incidentKey ?? '')?.[1],
      nagiosService: /\bservice_desc=([^;]+)/.exec(incidentKey ?? '')?.[1],
      timeMs: msOfIso('event.occurred_at', at(event, 'occurred_at'), calendar),
      beganMs: isOver ? msOfIso('event.data.created_at', at(data, 'created_at'), calendar) : undefined,
    },
  };
}

function incident(body: unknown, calendar: Calendar): Alert {
  const name = textOf(at(body, 'service', 'name'));
  if (name === undefined)
    throw new Malformed(`service.name: expected a name, found ${found(at(body, 'service', 'name'))}`);
  const summary = at(body, 'trigger_summary_data');
  const host = textOf(at(summary, 'HOSTNAME'));
  if (name === 'nagios' && host === undefined) {
    throw new Malformed(`trigger_summary_data.HOSTNAME: expected a host, found ${found(at(summary, 'HOSTNAME'))}`);
  }
  return {
    event: 'incident.triggered',
    eventId: undefined,
    incidentId: textOf(at(body, 'id')) ?? textOf(at(body, 'incident_number')),
    service: { id: textOf(at(body, 'service', 'id')), name },
    incidentKey: textOf(at(body, 'incident_key')),
    title: textOf(at(summary, 'subject')) ?? textOf(at(summary, 'description')),
    urgency: textOf(at(body, 'urgency')),
    nagiosHost: host,
    nagiosService: textOf(at(summary, 'SERVICEDESC')),
    timeMs: msOfIso('created_on', at(body, 'created_on'), calendar),
    beganMs: undefined,
  };
}
