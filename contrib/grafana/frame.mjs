// What every dashboard is made of: its frame, rows, panels side by side, and the variable for the data source.

/** A dashboard; `rows` are rows of panels, each panel as wide as its share of 24 columns. */
export function dashboard({ uid, title, description, tags, variables, rows, links = [], annotations = [] }) {
  return {
    uid,
    title,
    description,
    tags: ['catchpoint', ...tags],
    editable: true,
    graphTooltip: 1,
    schemaVersion: 36,
    version: 1,
    timezone: 'utc',
    refresh: '1m',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: variables },
    annotations: { list: annotations },
    links,
    panels: placed(rows),
  };
}

function placed(rows) {
  let [id, y] = [0, 0];
  return rows.flatMap(({ height = 9, panels }) => {
    const width = Math.floor(24 / panels.length);
    const row = panels.map((panel, at) => ({ id: (id += 1), ...panel, gridPos: { x: at * width, y, w: width, h: height } }));
    y += height;
    return row;
  });
}

/** The data source, chosen at the top of the dashboard. */
export function sourceVariable(type, label) {
  return { name: 'ds', label, type: 'datasource', query: type, refresh: 1, hide: 0, includeAll: false, multi: false, current: {}, options: [], regex: '' };
}

/** A text that people type; it asks the database for nothing. */
export function textVariable(name, label, value, description) {
  return { name, label, description, type: 'textbox', query: value, hide: 0, current: { text: value, value }, options: [{ selected: true, text: value, value }] };
}

/** Lines over time. */
export function lines({ title, description, unit, targets, source, max, min = 0, stack }) {
  return {
    type: 'timeseries',
    title,
    description,
    datasource: source,
    targets: targets.map((target, at) => ({ refId: 'ABCDEFGH'[at], datasource: source, ...target })),
    fieldConfig: {
      defaults: {
        unit,
        min,
        ...(max !== undefined && { max }),
        custom: {
          lineWidth: 1,
          fillOpacity: stack === undefined ? 0 : 60,
          showPoints: 'auto',
          spanNulls: 900000,
          stacking: { mode: stack ?? 'none', group: 'A' },
        },
      },
      overrides: stack === undefined ? [] : [coloured('ok', 'green'), coloured('error', 'red')],
    },
    options: { legend: { displayMode: 'table', placement: 'right', calcs: ['mean', 'max', 'lastNotNull'] }, tooltip: { mode: 'multi', sort: 'desc' } },
  };
}

/** One bar a series, of its values made one. */
export function bars({ title, description, unit, targets, source, calc = 'mean' }) {
  return {
    type: 'bargauge',
    title,
    description,
    datasource: source,
    targets: targets.map((target, at) => ({ refId: 'ABCDEFGH'[at], datasource: source, ...target })),
    fieldConfig: { defaults: { unit, min: 0, color: { mode: 'continuous-GrYlRd' } }, overrides: [] },
    options: { orientation: 'horizontal', displayMode: 'basic', reduceOptions: { calcs: [calc], fields: '', values: false } },
  };
}

/** Each series' share of all. */
export function shares({ title, description, targets, source }) {
  return {
    type: 'piechart',
    title,
    description,
    datasource: source,
    targets: targets.map((target, at) => ({ refId: 'ABCDEFGH'[at], datasource: source, ...target })),
    fieldConfig: { defaults: { unit: 'short' }, overrides: [coloured('ok', 'green'), coloured('error', 'red')] },
    options: {
      pieType: 'donut',
      reduceOptions: { calcs: ['sum'], fields: '', values: false },
      legend: { displayMode: 'table', placement: 'right', values: ['percent', 'value'] },
    },
  };
}

/** One number, red from `red` on. */
export function number({ title, description, unit, targets, source, red, calc = 'lastNotNull', below = false }) {
  const steps = below
    ? [{ color: 'red', value: null }, { color: 'green', value: red }]
    : [{ color: 'green', value: null }, ...(red === undefined ? [] : [{ color: 'red', value: red }])];
  return {
    type: 'stat',
    title,
    description,
    datasource: source,
    targets: targets.map((target, at) => ({ refId: 'ABCDEFGH'[at], datasource: source, ...target })),
    fieldConfig: { defaults: { unit, thresholds: { mode: 'absolute', steps } }, overrides: [] },
    options: { reduceOptions: { calcs: [calc], fields: '', values: false }, colorMode: 'value', graphMode: 'area' },
  };
}

function coloured(name, fixedColor) {
  return { matcher: { id: 'byName', options: name }, properties: [{ id: 'color', value: { mode: 'fixed', fixedColor } }] };
}
