// Classes the words in which OpenTSDB refuses a point.

/** `data`: it will never be taken. `unknown-name`: not before its name is assigned. `storage`: not now. */
export type ErrorClass = 'data' | 'unknown-name' | 'storage';

/** OpenTSDB 2.4, PutDataPointRpc: what comes from the storage, or from nobody knows where. */
const storage =
  /^(Storage exception|HBase error|Please throttle|Throttling exception|Timeout exception|Request timed out|Write timedout|Unexpected exception|Not cached yet)/i;

const unknownName = /^Unknown metric|No such name for/i;

/** IncomingDataPoint.validate, Tags.validateString, Tags.parseLong, IncomingDataPoints.checkMetricAndTags, TSDB.addPointInternal. */
const data =
  /Unable to parse value|^Invalid timestamp|^Empty value|^Missing tags|^Metric name was empty|illegal character|^Invalid (metric|tag)|^Too many tags|^Need at least one tag|^(duplicate|invalid) tag|NaN or Infinite|^(bad|negative) timestamp/i;

/** The class of an error; one that nobody has described counts as `storage`, so that no point is lost by it. */
export function classOf(words: string): ErrorClass {
  if (storage.test(words)) return 'storage';
  if (unknownName.test(words)) return 'unknown-name';
  return data.test(words) ? 'data' : 'storage';
}

/** Whether OpenTSDB gave up waiting for its storage: nothing is known then of any point that it does not name otherwise. */
export function isTimeout(words: string): boolean {
  return /^Write timed ?out/i.test(words);
}
