// The charts of the last hour, drawn by uPlot, each with a text for screen readers.

import type UPlot from 'uplot';
import type { Slot } from '../messages.ts';
import { byId, element, setText } from './markup.ts';
import { count, minute, time } from './numbers.ts';

/** A global of uplot.js, which page.html loads first. */
declare const uPlot: typeof UPlot;

interface Series {
  readonly label: string;
  /** Index in the slot. */
  readonly at: number;
}

interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
  /** Hidden when the Catchpoint source is off. */
  readonly isOfPushes?: true;
}

const charts: readonly Chart[] = [
  {
    title: 'Pushes a second',
    isOfPushes: true,
    unit: '/s',
    series: [
      { label: 'taken', at: 1 },
      { label: 'not taken', at: 3 },
    ],
  },
  { title: 'Points a second', unit: '/s', series: [{ label: 'points', at: 2 }] },
  {
    title: 'Answer time, ms',
    isOfPushes: true,
    unit: ' ms',
    series: [
      { label: 'p50', at: 4 },
      { label: 'p99', at: 5 },
    ],
  },
  { title: 'Backlog, points (of the sink that is furthest behind)', unit: '', series: [{ label: 'points', at: 6 }] },
  { title: 'Age of the oldest waiting point, s', unit: ' s', series: [{ label: 'age', at: 7 }] },
  { title: 'New dead letters of five minutes', unit: '', series: [{ label: 'letters', at: 8 }] },
];

const maxSlots = 720;
const heightPx = 150;

export function drawCharts() {
  let slots: readonly Slot[] = [];
  const views = charts.map(chartView);
  const replace = (next: readonly Slot[]): void => {
    slots = next;
    views.forEach((view) => view.draw(slots));
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    views.forEach((view) => view.reset());
    replace(slots);
  });
  new ResizeObserver(() => views.forEach((view) => view.resize())).observe(byId('charts'));
  return { replace, add: (slot: Slot): void => replace([...slots, slot].slice(-maxSlots)) };
}

function chartView({ title, unit, series, isOfPushes }: Chart) {
  const text = element('span', { class: 'unseen' });
  const canvas = element('div', { 'aria-hidden': 'true' });
  const figure = element(
    'figure',
    isOfPushes === true ? { 'data-of': 'pushes' } : {},
    element('figcaption', {}, title, text),
    canvas,
  );
  byId('charts').append(figure);
  let plot: UPlot | undefined;
  return {
    draw(slots: readonly Slot[]): void {
      const data = [
        slots.map(([atS]) => atS),
        ...series.map(({ at }) => slots.map((slot) => slot[at] ?? null)),
      ] as UPlot.AlignedData;
      if (plot === undefined) plot = new uPlot(optionsOf(series, unit, figure.clientWidth), data, canvas);
      else plot.setData(data);
      // The legend shows the newest values unless the pointer is on the chart.
      if ((plot.cursor.left ?? -1) < 0)
        plot.setLegend({ idx: slots.length === 0 ? null : slots.length - 1 } as { idx: number });
      const last = slots.at(-1);
      if (last !== undefined)
        setText(text, `: ${series.map(({ label, at }) => `${label} ${count(last[at] ?? 0)}${unit}`).join(', ')}`);
    },
    /** The next `draw` reads the colours of the page again. */
    reset(): void {
      plot?.destroy();
      plot = undefined;
    },
    resize(): void {
      if (figure.clientWidth > 0) plot?.setSize({ width: figure.clientWidth, height: heightPx });
    },
  };
}

function optionsOf(series: readonly Series[], unit: string, width: number): UPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const axis: UPlot.Axis = {
    stroke: colour('soft'),
    grid: { stroke: colour('line'), width: 0.5 },
    ticks: { stroke: colour('line'), width: 0.5 },
  };
  const lines = series.map(({ label }, nth): UPlot.Series => ({
    label,
    value: (_, value) => (value === null ? '–' : `${count(value)}${unit}`),
    stroke: colour(`series-${nth + 1}`),
    width: 1.5,
    ...(nth === 1 ? { dash: [5, 3] } : {}),
    points: { show: false },
  }));
  return {
    width: Math.max(200, width),
    height: heightPx,
    cursor: { y: false },
    series: [{ label: 'at', value: (_, atS) => (atS === null ? '–' : time(atS * 1e3)) }, ...lines],
    padding: [null, 26, null, null],
    axes: [
      {
        ...axis,
        space: 60,
        values: (_, atS, __, ___, incrS) => atS.map((each) => (incrS < 60 ? time : minute)(each * 1e3)),
      },
      { ...axis, size: 60 },
    ],
    scales: { y: { range: (_, low, high) => [Math.min(0, low), Math.max(1, high * 1.1)] } },
  };
}
