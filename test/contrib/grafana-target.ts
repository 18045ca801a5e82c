// Converts a panel's query as Grafana's OpenTSDB data source does, with its variables filled in
// (grafana/grafana, datasource/opentsdb/datasource.ts, convertTargetToQuery).

export interface Filter {
  readonly tagk: string;
  readonly filter: string;
  readonly type: string;
  readonly groupBy: boolean;
}

/** A query of a dashboard. */
export interface Target {
  readonly refId: string;
  readonly metric: string;
  readonly aggregator: string;
  readonly alias: string;
  readonly downsampleInterval: string;
  readonly downsampleAggregator: string;
  readonly downsampleFillPolicy: string;
  readonly shouldComputeRate: boolean;
  readonly isCounter?: boolean;
  readonly filters: readonly Filter[];
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly targets: readonly Target[];
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: unknown;
  readonly regex?: string;
  readonly current: { readonly value?: string };
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

export type Values = Readonly<Record<string, string>>;

/** Fills in `$name` and `${name}`; an unknown variable stays, as in Grafana. */
export function filledIn(text: string, values: Values): string {
  return text.replaceAll(
    /\$\{(\w+)\}|\$(\w+)/g,
    (whole, braced: string | undefined, plain: string | undefined) => values[braced ?? plain ?? ''] ?? whole,
  );
}

/** Returns the sub query for /api/query. A rate without a counterMax drops resets (tsdbVersion 2 and later). */
export function asSubQuery(target: Target, values: Values): object {
  const fill = target.downsampleFillPolicy === 'none' ? '' : `-${target.downsampleFillPolicy}`;
  return {
    metric: filledIn(target.metric, values),
    aggregator: filledIn(target.aggregator, values),
    downsample: `${filledIn(target.downsampleInterval, values)}-${target.downsampleAggregator}${fill}`,
    ...(target.shouldComputeRate && {
      rate: true,
      rateOptions: { counter: target.isCounter === true, dropResets: true },
    }),
    filters: target.filters.map((filter) => ({
      ...filter,
      tagk: filledIn(filter.tagk, values),
      filter: filledIn(filter.filter, values),
    })),
  };
}
