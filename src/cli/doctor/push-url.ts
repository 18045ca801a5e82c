// Whether the push URL can be reached from here, what answers there, and how long its certificate holds.

import { got } from 'got';
import { X509Certificate } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { connect } from 'node:tls';
import type { ProbeContext } from '../probes/finding.ts';
import { doubtful, faulty, fine, type Finding, unexamined } from '../probes/finding.ts';
import type { Lookup } from './names.ts';

export interface PushUrlContext extends ProbeContext {
  readonly lookup: Lookup;
}

/** Catchpoint's agents wait for 20 s. */
const timeoutMs = 20_000;
const dayMs = 86_400_000;
const soonDays = 21;
const what = 'push URL';

/** Sends a POST that is no push. A token in the URL does not show. */
export async function pushUrlCheck(pushUrl: string | undefined, ambient: PushUrlContext): Promise<Finding[]> {
  if (pushUrl === undefined)
    return [unexamined(what, 'not given', "give --push-url URL, as it stands in Catchpoint's webhook")];
  const url = new URL(pushUrl);
  const isTls = url.protocol === 'https:';
  const open = doubtful(
    what,
    'not encrypted: what is pushed, and a token in it, can be read on the way',
    'use https, here or at a proxy before the bridge',
  );
  const found = await Promise.all([
    answerTo(url, ambient),
    isTls ? certificateOf(url, ambient) : open,
    reachOf(url, ambient),
  ]);
  return found.filter((finding) => finding !== undefined);
}

async function answerTo(url: URL, { clock, signal }: PushUrlContext): Promise<Finding> {
  const startedMs = clock.steady();
  try {
    const { statusCode, body } = await got.post(url, {
      body: '{}',
      headers: { 'content-type': 'application/json' },
      retry: { limit: 0 },
      timeout: { request: timeoutMs },
      throwHttpErrors: false,
      followRedirect: false,
      // The certificate is judged by itself.
      https: { rejectUnauthorized: false },
      signal,
    });
    return judged(statusCode, body, Math.round(clock.steady() - startedMs));
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = error as NodeJS.ErrnoException;
    const words = code === undefined || message.includes(code) ? message : `${message} (${code})`;
    return faulty(
      what,
      words.replaceAll(url.href, `${url.origin}/…`),
      69,
      'look at the name, at firewalls and forwardings, and whether the bridge runs; some networks cannot reach their own outside',
    );
  }
}

/** The bridge answers 400, with its words, to what is no push. */
function judged(status: number, body: string, tookMs: number): Finding {
  const answered = `answered ${status} in ${tookMs} ms`;
  if (status === 400 && isOurs(body)) return fine(what, `a bridge ${answered} to what is no push`);
  if (status === 401 || status === 403)
    return faulty(
      what,
      `${answered}: not let in`,
      77,
      'the URL must have a token that the bridge takes, and this address may be none that it lets push',
    );
  if (status === 404 || status === 405)
    return faulty(
      what,
      `${answered}: no push is taken there`,
      69,
      'the path is / or /catchpoint, and what a proxy puts before it',
    );
  if (status === 503)
    return faulty(
      what,
      `${answered}: pushes are refused now`,
      69,
      'see what is said of the spool and the disk here; with a rotating token: none has arrived yet',
    );
  if (status >= 300 && status < 400)
    return faulty(
      what,
      `${answered}: sends elsewhere, where agents may not follow`,
      69,
      'give Catchpoint the URL where it ends',
    );
  if (status >= 500) return faulty(what, answered, 69, "look at the bridge's log, and at the proxy's if there is one");
  return doubtful(
    what,
    `${answered}: that is not how a bridge answers what is no push`,
    'look whether something else listens there',
  );
}

function isOurs(body: string): boolean {
  try {
    return typeof (JSON.parse(body) as { readonly error?: unknown }).error === 'string';
  } catch {
    return false;
  }
}

async function certificateOf(url: URL, { clock, signal }: PushUrlContext): Promise<Finding | undefined> {
  const name = 'push certificate';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const socket = connect({
    host,
    port: Number(url.port) || 443,
    ...(isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: false,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve).once('error', reject);
      socket.setTimeout(timeoutMs, () => reject(new Error('no answer')));
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    const { subjectAltName, subject, validTo } = new X509Certificate(socket.getPeerCertificate().raw);
    const days = (Date.parse(validTo) - clock.now()) / dayMs;
    const words = `${subjectAltName ?? subject}: holds ${Math.floor(days)} days more`;
    if (!socket.authorized) {
      const why = String(socket.authorizationError);
      return faulty(
        name,
        `${words}, but is not believed (${why})`,
        69,
        'agents may refuse it: use one of a public authority, with its whole chain and this name',
      );
    }
    return days < soonDays
      ? doubtful(name, words, 'renew it; the bridge reads its file again when it changes')
      : fine(name, words);
  } catch {
    // What cannot be connected to has been told already.
    signal.throwIfAborted();
    return undefined;
  } finally {
    socket.destroy();
  }
}

const private4 = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8', '169.254.0.0/16', '100.64.0.0/10'];
const private6 = ['::1/128', 'fc00::/7', 'fe80::/10'];

/** Agents are all over the internet, and come to no private address. */
async function reachOf(url: URL, { lookup }: PushUrlContext): Promise<Finding | undefined> {
  const inside = new BlockList();
  for (const [networks, family] of [
    [private4, 'ipv4'],
    [private6, 'ipv6'],
  ] as const) {
    for (const network of networks) {
      const [address = '', bits] = network.split('/');
      inside.addSubnet(address, Number(bits), family);
    }
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) === 0 ? await lookup(host).catch(() => []) : [host];
  const isInside =
    addresses.length > 0 && addresses.every((address) => inside.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'));
  if (!isInside) return undefined;
  return doubtful(
    what,
    `${addresses.join(', ')}: a private address`,
    'public agents cannot reach it; fine only where every node is an enterprise node of yours, or this name has another address outside',
  );
}
