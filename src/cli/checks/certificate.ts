// Checks that the push listener's certificate fits its key and does not expire soon.

import { openCertificates } from '../../auth/tls-certificate.ts';
import type { ConfigRead } from '../../config/config.ts';
import { silentLog } from '../../runtime/log.ts';
import { type CheckContext, type Finding, okOrFault, warning } from './finding.ts';

const what = 'certificate';
const unusable = {
  code: 78,
  advice: "give --tls-cert and --tls-key files in PEM that belong together and that the bridge's user can read",
} as const;
const dayMs = 86_400_000;
const warnBelowDays = 14;

export async function certificateCheck({ config }: ConfigRead, { clock }: CheckContext): Promise<Finding[]> {
  const { tls } = config.access;
  if (tls === undefined) return [];
  let daysLeft = Infinity;
  const finding = await okOrFault(what, unusable, async () => {
    const certificates = await openCertificates(tls, { clock, log: silentLog() });
    const notAfterMs = certificates.notAfterMs();
    daysLeft = (notAfterMs - clock.now()) / dayMs;
    return `${tls.certFile}: ${daysLeft <= 0 ? 'it expired at' : 'it is valid until'} ${new Date(notAfterMs).toISOString()}`;
  });
  if (daysLeft >= warnBelowDays) return [finding];
  return [warning(what, finding.words, 'put a new one in its place; a bridge that runs takes it without a restart')];
}
