// Checks the push URL from this machine: the answer to a POST, the certificate, and that the address is public.

import { got } from 'got';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { BlockList, isIP } from 'node:net';
import { connect } from 'node:tls';
import type { ConfigRead } from '../../config/config.ts';
import { abortable } from '../../runtime/deadline.ts';
import { type CheckContext, fault, type FaultCode, type Finding, notChecked, ok, warning } from './finding.ts';
import { hostOf } from './name-lookup.ts';

/** Catchpoint's agents wait for 20 s. */
const timeoutMs = 20_000;
const dayMs = 86_400_000;
const warnBelowDays = 21;
const what = 'push URL';

/** Sends a body that is not a push, so that nothing is stored. Findings do not quote a token in the URL. */
export async function pushUrlCheck(_: ConfigRead, context: CheckContext): Promise<Finding[]> {
  if (context.pushUrl === undefined)
    return [notChecked(what, 'not given', "give --push-url URL, as it stands in Catchpoint's webhook")];
  const url = new URL(context.pushUrl);
  const unencrypted = warning(
    what,
    'not encrypted: what is pushed, and a token in it, can be read on the way',
    'use https, here or at a proxy before the bridge',
  );
  const findings = await Promise.all([
    checkAnswer(url, context),
    url.protocol === 'https:' ? checkCertificate(url, context) : unencrypted,
    checkAddress(url, context),
  ]);
  return findings.filter((finding) => finding !== undefined);
}

async function checkAnswer(url: URL, { clock, signal }: CheckContext): Promise<Finding> {
  const startedMs = clock.steady();
  try {
    const { statusCode, body } = await got.post(url, {
      body: '{}',
      headers: { 'content-type': 'application/json' },
      retry: { limit: 0 },
      timeout: { request: timeoutMs },
      throwHttpErrors: false,
      followRedirect: false,
      // checkCertificate judges the certificate.
      https: { rejectUnauthorized: false },
      signal,
    });
    return judgeAnswer(statusCode, body, `answered ${statusCode} in ${Math.round(clock.steady() - startedMs)} ms`);
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = error as NodeJS.ErrnoException;
    const words = code === undefined || message.includes(code) ? message : `${message} (${code})`;
    return fault(
      what,
      words.replaceAll(url.href, `${url.origin}/…`),
      69,
      'look at the name, at firewalls and forwardings, and whether the bridge runs; some networks cannot reach their own outside',
    );
  }
}

interface Failure {
  readonly statuses: RegExp;
  readonly words: string;
  readonly code: FaultCode;
  readonly advice: string;
}

const failures: readonly Failure[] = [
  {
    statuses: /^40[13]$/,
    words: ': not let in',
    code: 77,
    advice: 'the URL must have a token that the bridge takes, and this address may be none that it lets push',
  },
  {
    statuses: /^40[45]$/,
    words: ': no push is taken there',
    code: 69,
    advice: 'the path is / or /catchpoint, and what a proxy puts before it',
  },
  {
    statuses: /^503$/,
    words: ': pushes are refused now',
    code: 69,
    advice: 'see what is said of the spool and the disk here; with a rotating token: none has arrived yet',
  },
  {
    statuses: /^3/,
    words: ': sends elsewhere, where agents may not follow',
    code: 69,
    advice: 'give Catchpoint the URL where it ends',
  },
  { statuses: /^5/, words: '', code: 69, advice: "look at the bridge's log, and at the proxy's if there is one" },
];

/** A bridge answers 400 with a JSON error to a body that is not a push. */
function judgeAnswer(status: number, body: string, answered: string): Finding {
  if (status === 400 && hasJsonError(body)) return ok(what, `a bridge ${answered} to what is no push`);
  const failure = failures.find(({ statuses }) => statuses.test(String(status)));
  if (failure !== undefined) return fault(what, `${answered}${failure.words}`, failure.code, failure.advice);
  return warning(
    what,
    `${answered}: that is not how a bridge answers what is no push`,
    'look whether something else listens there',
  );
}

function hasJsonError(body: string): boolean {
  try {
    return typeof (JSON.parse(body) as { readonly error?: unknown }).error === 'string';
  } catch {
    return false;
  }
}

/** Undefined where no connection can be made, which checkAnswer reports. */
async function checkCertificate(url: URL, { clock, signal }: CheckContext): Promise<Finding | undefined> {
  const name = 'push certificate';
  const host = hostOf(url);
  const socket = connect({
    host,
    port: Number(url.port) || 443,
    ...(isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: false,
  });
  try {
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer')));
    await abortable(once(socket, 'secureConnect'), signal);
    const { subjectAltName, subject, validTo } = new X509Certificate(socket.getPeerCertificate().raw);
    const daysLeft = (Date.parse(validTo) - clock.now()) / dayMs;
    const words = `${subjectAltName ?? subject}: holds ${Math.floor(daysLeft)} days more`;
    if (!socket.authorized) {
      return fault(
        name,
        `${words}, but is not believed (${String(socket.authorizationError)})`,
        69,
        'agents may refuse it: use one of a public authority, with its whole chain and this name',
      );
    }
    if (daysLeft >= warnBelowDays) return ok(name, words);
    return warning(name, words, 'renew it; the bridge reads its file again when it changes');
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    socket.destroy();
  }
}

const privateNetworks = new BlockList();
const private4 = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8', '169.254.0.0/16', '100.64.0.0/10'];
const private6 = ['::1/128', 'fc00::/7', 'fe80::/10'];
for (const network of [...private4, ...private6]) {
  const [address = '', bits] = network.split('/');
  privateNetworks.addSubnet(address, Number(bits), familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** Warns where every address of the host is private: agents push from the internet. */
async function checkAddress(url: URL, { lookup }: CheckContext): Promise<Finding | undefined> {
  const host = hostOf(url);
  const addresses = isIP(host) === 0 ? await lookup(host).catch(() => []) : [host];
  const isPrivate = (address: string): boolean => privateNetworks.check(address, familyOf(address));
  if (addresses.length === 0 || !addresses.every(isPrivate)) return undefined;
  return warning(
    what,
    `${addresses.join(', ')}: a private address`,
    'public agents cannot reach it; fine only where every node is an enterprise node of yours, or this name has another address outside',
  );
}
