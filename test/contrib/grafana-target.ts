// What Grafana's OpenTSDB data source makes of a panel's query before it sends it: variables filled in, as its code has it
// (grafana/grafana, datasource/opentsdb/datasource.ts, convertTargetToQuery).

export interface Filter {
  readonly tagk: string;
  readonly filter: string;
  readonly type: string;
  readonly groupBy: boolean;
}

/** A query as it stands in a dashboard. */
export interface Target {
  readonly refId: string;
  readonly metric: string;
  readonly aggregator: string;
  readonly alias: string;
  readonly downsampleInterval: string;
  readonly downsampleAggregator: string;
  readonly downsampleFillPolicy: string;
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

/** `$name` and `${name}`; what no variable has stays as it is, as in Grafana. */
export function filledIn(text: string, values: Values): string {
  return text.replaceAll(
    /\$\{(\w+)\}|\$(\w+)/g,
    (whole, braced: string | undefined, plain: string | undefined) => values[braced ?? plain ?? ''] ?? whole,
  );
}

/** The sub query that goes to /api/query. */
export function asSubQuery(target: Target, values: Values): object {
  const fill = target.downsampleFillPolicy === 'none' ? '' : `-${target.downsampleFillPolicy}`;
  return {
    metric: filledIn(target.metric, values),
    aggregator: filledIn(target.aggregator, values),
    downsample: `${filledIn(target.downsampleInterval, values)}-${target.downsampleAggregator}${fill}`,
    filters: target.filters.map((filter) => ({
      ...filter,
      tagk: filledIn(filter.tagk, values),
      filter: filledIn(filter.filter, values),
    })),
  };
}
