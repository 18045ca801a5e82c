// Settings that are right by themselves but not together.

import { urlOfTsdb } from './addresses.ts';
import { type Fault, faultAt, type Settled } from './origins.ts';
import type { SettingKey } from './settings.ts';

/** What cannot both be wanted. */
export function contradictions(settled: Settled): Fault[] {
  return [...samePort(settled), ...telnetOverHttp(settled)];
}

function samePort({ values: { listen, adminListen }, origins }: Settled): Fault[] {
  if (listen === undefined || adminListen === undefined || origins.adminListen.rank === 0) return [];
  if (listen.port === 0 || listen.port !== adminListen.port) return [];
  const wide = ['', '0.0.0.0', '::'];
  const meet = listen.host === adminListen.host || wide.includes(listen.host) || wide.includes(adminListen.host);
  if (!meet) return [];
  return [faultAt(origins.adminListen, `expected another port than that of --listen, found ${adminListen.port} for both`)];
}

function telnetOverHttp({ values: { put, tsdbHost }, origins }: Settled): Fault[] {
  if (put !== 'telnet') return [];
  return (tsdbHost ?? []).flatMap((address) => {
    const { protocol, username, pathname, host } = new URL(urlOfTsdb(address, 4242));
    const found = [
      ...(protocol === 'https:' ? ['https'] : []),
      ...(username !== '' ? ['a user'] : []),
      ...(pathname !== '/' ? [`the path ${pathname}`] : []),
    ];
    if (found.length === 0) return [];
    return [faultAt(origins.tsdbHost, `expected host and port alone with put telnet, found ${found.join(', ')} for ${host}`)];
  });
}

/** `-f`, or a file whose path was given in a place that counts for more. */
export function isFileMode({ values, origins }: Settled): boolean {
  return values.fileMode === true || origins.file.rank > origins.fileMode.rank;
}

/** What was given but changes nothing, in words. */
export function withoutEffect(settled: Settled): string[] {
  const { values, origins } = settled;
  const hosts = values.tsdbHost ?? [];
  const fileMode = isFileMode(settled);
  const isHttps = hosts.some((address) => 'url' in address && address.url.startsWith('https:'));
  const rules: readonly (readonly [key: SettingKey, holds: boolean, why: string])[] = [
    ['archiveDays', values.archive === undefined, 'there is no --archive'],
    ['file', !fileMode, 'file mode is off'],
    ['fileFormat', !fileMode, 'file mode is off'],
    ['tsdbHost', fileMode, 'in file mode OpenTSDB is not contacted'],
    ['tsdbPort', !fileMode && hosts.every((address) => 'url' in address), 'every --tsdb-host has a port of its own'],
    ['tsdbHeader', values.put === 'telnet', 'telnet has no headers'],
    ['tsdbCa', !isHttps, 'no --tsdb-host is https'],
  ];
  return rules
    .filter(([key, holds]) => holds && origins[key].rank > 0)
    .map(([key, , why]) => `${origins[key].where}: without effect, ${why}`);
}
