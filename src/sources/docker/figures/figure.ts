// A figure: one value of a container or of its host, before it has a name of the sink's form.

export interface Figure {
  /** Dotted, such as `cpu.total`. */
  readonly name: string;
  /** Final decimal text: an integer, or for per cents a float with a decimal place. */
  readonly value: string;
  /** The network interface that the figure is of; undefined: the container as a whole. */
  readonly interfaceName?: string;
  /** docker-stats-to-backstop sent it too. */
  readonly isOriginal: boolean;
}

/** The reason why a container has no figures in a poll. */
export type SkipReason =
  | 'stopped'
  | 'gone'
  | 'not-measured'
  | 'same-sample'
  | 'same-name'
  /** The request of an earlier poll still ran. */
  | 'slow'
  | 'timeout'
  | 'engine-error'
  | 'not-stored';
