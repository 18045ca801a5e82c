// The international providers of the simulated world: carriers and clouds, with their real AS numbers.

/** The ids are those of v2's SyntheticNetworkType. */
export const networkTypes = {
  Backbone: { id: 0, name: 'Backbone' },
  LastMile: { id: 1, name: 'Last Mile' },
  Wireless: { id: 2, name: 'Wireless' },
  PublicCloud: { id: 5, name: 'Public Cloud' },
} as const;

export interface Provider {
  /** Ends the names of its nodes. */
  readonly name: string;
  readonly asn: number;
  readonly asnName: string;
  readonly networkType: keyof typeof networkTypes;
}

/** Parses `AT&T 7018 ATT-INTERNET4; Cox 22773 ASN-CXA LastMile`: name, AS number, AS name, network type (default Backbone). */
export function parseProviders(text: string): Provider[] {
  return text.split(/;\s+/).map((provider) => {
    const [, name = '', asn, asnName = '', networkType = 'Backbone'] =
      /^(.+?) (\d+) (.+?)(?: (LastMile|Wireless|PublicCloud))?$/.exec(provider) ?? [];
    return { name, asn: Number(asn), asnName, networkType: networkType as Provider['networkType'] };
  });
}

/** Carriers that are present wherever networks meet. */
export const carriers = parseProviders(
  `Level3 3356 LEVEL3; Cogent 174 COGENT-174; NTT 2914 NTT-LTD-2914; Arelion 1299 TWELVE99; GTT 3257 GTT-BACKBONE;
   Tata 6453 TATA COMMUNICATIONS (AMERICA) INC; Zayo 6461 ZAYO-6461; Hurricane Electric 6939 HURRICANE`,
);

export interface Cloud {
  readonly provider: Provider;
  /** The cities of its regions. */
  readonly cityNames: readonly string[];
}

export const clouds: readonly Cloud[] = [
  cloud(
    'AWS 16509 AMAZON-02 PublicCloud',
    `Ashburn, Columbus, Portland, Montréal, São Paulo, Dublin, London, Paris, Frankfurt, Zürich, Milan, Stockholm, Dubai,
     Cape Town, Mumbai, Hyderabad, Singapore, Jakarta, Hong Kong, Tokyo, Osaka, Seoul, Sydney, Melbourne`,
  ),
  cloud(
    'Azure 8075 MICROSOFT-CORP-MSN-AS-BLOCK PublicCloud',
    `Ashburn, Chicago, Toronto, São Paulo, Dublin, Amsterdam, London, Paris, Frankfurt, Zürich, Oslo, Dubai, Johannesburg,
     Singapore, Hong Kong, Tokyo, Sydney`,
  ),
  cloud(
    'Google 396982 GOOGLE-CLOUD-PLATFORM PublicCloud',
    `Ashburn, Dallas, Los Angeles, Las Vegas, São Paulo, Santiago, London, Frankfurt, Zürich, Warsaw, Mumbai, Delhi,
     Singapore, Jakarta, Taipei, Tokyo, Seoul, Sydney`,
  ),
  cloud('Oracle 31898 ORACLE-BMC-31898 PublicCloud', 'Ashburn, Phoenix, Toronto, London, Frankfurt, Mumbai, Tokyo'),
  cloud('AliCloud 45102 ALIBABA-CN-NET PublicCloud', 'San Jose, Frankfurt, Hong Kong, Singapore, Kuala Lumpur'),
  cloud('Tencent 132203 TENCENT-NET-AP-CN PublicCloud', 'San Jose, Frankfurt, Hong Kong, Singapore, Bangkok'),
];

function cloud(provider: string, cityNames: string): Cloud {
  return { provider: parseProviders(provider)[0] as Provider, cityNames: cityNames.split(/,\s+/) };
}
