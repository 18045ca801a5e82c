// The providers at which the simulated Catchpoint has nodes: real ones, with their real autonomous systems.

/** Ids as v2's SyntheticNetworkType. */
export const networkTypes = {
  Backbone: { id: 0, name: 'Backbone' },
  LastMile: { id: 1, name: 'Last Mile' },
  Wireless: { id: 2, name: 'Wireless' },
  PublicCloud: { id: 5, name: 'Public Cloud' },
} as const;

export type NetworkType = keyof typeof networkTypes;

/** The name at the end of a node's name, the number and the name of the AS, the type of network; Backbone by default. */
export type Provider = readonly [name: string, asn: number, asnName: string, networkType?: NetworkType];

/** Carriers that are present wherever networks meet. */
export const carriers: readonly Provider[] = [
  ['Level3', 3356, 'LEVEL3'],
  ['Cogent', 174, 'COGENT-174'],
  ['NTT', 2914, 'NTT-LTD-2914'],
  ['Arelion', 1299, 'TWELVE99'],
  ['GTT', 3257, 'GTT-BACKBONE'],
  ['Tata', 6453, 'TATA COMMUNICATIONS (AMERICA) INC'],
  ['Zayo', 6461, 'ZAYO-6461'],
  ['Hurricane Electric', 6939, 'HURRICANE'],
];

/** A cloud and the cities of its regions. */
export interface Cloud {
  readonly provider: Provider;
  readonly cityNames: readonly string[];
}

export const clouds: readonly Cloud[] = [
  cloud(
    ['AWS', 16509, 'AMAZON-02', 'PublicCloud'],
    `Ashburn, Columbus, Portland, Montréal, São Paulo, Dublin, London, Paris, Frankfurt, Zürich, Milan, Stockholm, Dubai,
     Cape Town, Mumbai, Hyderabad, Singapore, Jakarta, Hong Kong, Tokyo, Osaka, Seoul, Sydney, Melbourne`,
  ),
  cloud(
    ['Azure', 8075, 'MICROSOFT-CORP-MSN-AS-BLOCK', 'PublicCloud'],
    `Ashburn, Chicago, Toronto, São Paulo, Dublin, Amsterdam, London, Paris, Frankfurt, Zürich, Oslo, Dubai, Johannesburg,
     Singapore, Hong Kong, Tokyo, Sydney`,
  ),
  cloud(
    ['Google', 396982, 'GOOGLE-CLOUD-PLATFORM', 'PublicCloud'],
    `Ashburn, Dallas, Los Angeles, Las Vegas, São Paulo, Santiago, London, Frankfurt, Zürich, Warsaw, Mumbai, Delhi,
     Singapore, Jakarta, Taipei, Tokyo, Seoul, Sydney`,
  ),
  cloud(
    ['Oracle', 31898, 'ORACLE-BMC-31898', 'PublicCloud'],
    'Ashburn, Phoenix, Toronto, London, Frankfurt, Mumbai, Tokyo',
  ),
  cloud(
    ['AliCloud', 45102, 'ALIBABA-CN-NET', 'PublicCloud'],
    'San Jose, Frankfurt, Hong Kong, Singapore, Kuala Lumpur',
  ),
  cloud(['Tencent', 132203, 'TENCENT-NET-AP-CN', 'PublicCloud'], 'San Jose, Frankfurt, Hong Kong, Singapore, Bangkok'),
];

function cloud(provider: Provider, cityNames: string): Cloud {
  return { provider, cityNames: cityNames.split(/,\s+/) };
}
