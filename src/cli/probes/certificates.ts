// Whether the push listener's certificate can be used with its key, and for how long.

import { openCertificates } from '../../auth/tls-certificate.ts';
import type { Config } from '../../config/config.ts';
import { silentLog } from '../../runtime/log.ts';
import { attempted, doubtful, type Finding, type ProbeContext } from './finding.ts';

const what = 'certificate';
const fault = {
  code: 78,
  advice: "give --tls-cert and --tls-key files in PEM that belong together and that the bridge's user can read",
} as const;
const dayMs = 86_400_000;
const soonDays = 14;

export async function certificatesProbe(
  { access: { tls } }: Config,
  { clock }: Pick<ProbeContext, 'clock'>,
): Promise<Finding[]> {
  if (tls === undefined) return [];
  let leftDays = Infinity;
  const finding = await attempted(what, fault, async () => {
    const certificates = await openCertificates(tls, { clock, log: silentLog() });
    const notAfterMs = certificates.notAfterMs();
    leftDays = (notAfterMs - clock.now()) / dayMs;
    return `${tls.certFile}: ${leftDays <= 0 ? 'it expired at' : 'it is valid until'} ${new Date(notAfterMs).toISOString()}`;
  });
  const isSoon = leftDays < soonDays;
  return [
    isSoon
      ? doubtful(what, finding.words, 'put a new one in its place; a bridge that runs takes it without a restart')
      : finding,
  ];
}
