// The checks of OpenTSDB 2.4 on a data point, with its error messages.

/** A put as received, not yet checked. */
export interface ReceivedPut {
  readonly metric: string | undefined;
  /** Seconds, or milliseconds if greater than 4294967295. */
  readonly timestamp: number;
  readonly value: string | undefined;
  readonly tags: ReadonlyMap<string, string> | undefined;
}

/** `value`: a NumberFormatException, `argument`: an IllegalArgumentException, `unknown-name`: a NoSuchUniqueName, `unexpected`: any other. */
export type RefusalKind = 'value' | 'argument' | 'unknown-name' | 'unexpected';

/** A point that OpenTSDB refuses. The message is OpenTSDB's. */
export class RefusedPut extends Error {
  override readonly name = 'RefusedPut';
  readonly kind: RefusalKind;
  constructor(kind: RefusalKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

const maxSeconds = 0xffff_ffff;
const maxMilliseconds = 9_999_999_999_999;

/** The unit that OpenTSDB infers from a timestamp. */
export function unitOf(timestamp: number): 's' | 'ms' {
  return timestamp > maxSeconds ? 'ms' : 's';
}

/**
 * Checks value, timestamp, tags and characters, in the order of TSDB.addPointInternal.
 *
 * @throws RefusedPut
 */
export function checkPut({ metric, timestamp, value, tags }: ReceivedPut, maxTags: number): void {
  checkValue(String(value), `metric=${metric} timestamp=${timestamp}`);
  if (timestamp < 0 || timestamp > maxMilliseconds) {
    const adding = `when trying to add value=[0]/0 to metric=${metric}, tags=${asJavaMap(tags)}`;
    throw new RefusedPut('argument', `${timestamp < 0 ? 'negative ' : 'bad'} timestamp=${timestamp} ${adding}`);
  }
  checkNames(String(metric), tags ?? new Map(), maxTags);
}

/** IncomingDataPoints.checkMetricAndTags */
function checkNames(metric: string, tags: ReadonlyMap<string, string>, maxTags: number): void {
  if (tags.size === 0) throw new RefusedPut('argument', `Need at least one tag (metric=${metric}, tags={})`);
  if (tags.size > maxTags) {
    throw new RefusedPut(
      'argument',
      `Too many tags: ${tags.size} maximum allowed: ${maxTags}, tags: ${asJavaMap(tags)}`,
    );
  }
  checkName('metric name', metric);
  for (const [name, value] of tags) {
    checkName(`tag name with value [${value}]`, name);
    checkName(`tag value with key [${name}]`, value);
  }
}

/**
 * Tags.validateString: letters of any script, digits and `-_./`.
 *
 * @throws RefusedPut for any other character
 */
export function checkName(role: string, name: string): void {
  if (name === '') throw new RefusedPut('argument', `Invalid ${role}: empty string`);
  const illegal = /[^\p{L}0-9\-_./]/u.exec(name);
  if (illegal !== null)
    throw new RefusedPut('argument', `Invalid ${role} ("${name}"): illegal character: ${illegal[0]}`);
}

/** Tags.looksLikeInteger, then Tags.parseLong or Double.parseDouble. */
function checkValue(value: string, point: string): void {
  if (!/[.eE]/.test(value)) {
    parseLong(value);
    return;
  }
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[fFdD]?$/.test(value);
  if (!isNumber) throw new RefusedPut('value', `For input string: "${value}"`);
  const number = Number(value.replace(/[fFdD]$/, ''));
  if (!Number.isFinite(number)) {
    throw new RefusedPut('argument', `value is NaN or Infinite: ${number} for ${point}`);
  }
}

/**
 * Tags.parseLong: decimal digits with at most one sign, within 64 bits.
 *
 * @throws RefusedPut with the messages of its NumberFormatExceptions
 */
export function parseLong(text: string): bigint {
  if (text === '') throw new RefusedPut('value', 'Empty string');
  const isSigned = /^[+-]/.test(text);
  if (isSigned && text.length === 1) throw new RefusedPut('value', `Just a sign, no value: ${text}`);
  if (text.length > (isSigned ? 20 : 19)) throw new RefusedPut('value', `Value too long: ${text}`);
  const illegal = /[^0-9]/.exec(isSigned ? text.slice(1) : text);
  if (illegal !== null) throw new RefusedPut('value', `Invalid character '${illegal[0]}' in ${text}`);
  const long = BigInt(text.replace(/^\+/, ''));
  if (long !== BigInt.asIntN(64, long)) throw new RefusedPut('value', `Overflow in ${text}`);
  return long;
}

/**
 * Tags.parse: adds `name=value` to `tags`.
 *
 * @throws RefusedPut unless there is exactly one `=` between two names, and for a second value of a tag
 */
export function addTag(tags: Map<string, string>, text: string): void {
  const [name, value, ...more] = text.split('=');
  if (!name || !value || more.length > 0) throw new RefusedPut('argument', `invalid tag: ${text}`);
  const other = tags.get(name);
  if (other !== undefined && other !== value) {
    throw new RefusedPut('argument', `duplicate tag: ${text}, tags=${asJavaMap(tags)}`);
  }
  tags.set(name, value);
}

function asJavaMap(map: ReadonlyMap<string, string> | undefined): string {
  return `{${[...(map ?? [])].map(([key, value]) => `${key}=${value}`).join(', ')}}`;
}
