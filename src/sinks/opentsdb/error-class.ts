// Classifies the error messages with which OpenTSDB refuses a point.

/**
 * `data`: the point will never be accepted. `unknown-name`: it will be once its names have UIDs. `storage`: it may be
 * accepted later.
 */
export type ErrorClass = 'data' | 'unknown-name' | 'storage';

/** Storage errors and unexplained ones; PutDataPointRpc of OpenTSDB 2.4. */
const storage =
  /^(Storage exception|HBase error|Please throttle|Throttling exception|Timeout exception|Request timed out|Write timedout|Unexpected exception|Not cached yet)/i;

const unknownName = /^Unknown metric|No such name for/i;

/** IncomingDataPoint.validate, Tags.validateString, Tags.parseLong, IncomingDataPoints.checkMetricAndTags, TSDB.addPointInternal. */
const data =
  /Unable to parse value|^Invalid timestamp|^Empty value|^Missing tags|^Metric name was empty|illegal character|^Invalid (metric|tag)|^Too many tags|^Need at least one tag|^(duplicate|invalid) tag|NaN or Infinite|^(bad|negative) timestamp/i;

/** An unknown message counts as `storage`, so that it loses no point. */
export function errorClassOf(message: string): ErrorClass {
  if (storage.test(message)) return 'storage';
  if (unknownName.test(message)) return 'unknown-name';
  return data.test(message) ? 'data' : 'storage';
}

/** After a storage timeout nothing is known of the points that OpenTSDB does not name with another error. */
export function isTimeout(message: string): boolean {
  return /^Write timed ?out/i.test(message);
}
