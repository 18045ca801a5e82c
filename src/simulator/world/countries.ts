// The countries of the simulated world, as Catchpoint names them, with their providers and the providers' real AS numbers.

import { type Provider, parseProviders } from './providers.ts';

export interface Country {
  readonly name: string;
  readonly continent: string;
  /** Network impairment: 1 is the lowest, 3 the highest. */
  readonly impairment: number;
  readonly providers: readonly Provider[];
}

/** A country a line, continued where indented: ISO 3166 code, name, impairment, providers (see parseProviders). */
const tables = {
  'North America': `
US United States, 1: AT&T 7018 ATT-INTERNET4; Verizon 701 UUNET; Comcast 7922 COMCAST-7922 LastMile;
   Charter 20115 CHARTER-20115 LastMile; Cox 22773 ASN-CXA-ALL-CCI-22773-RDC LastMile; Windstream 7029 WINDSTREAM;
   T-Mobile 21928 T-MOBILE-AS21928 Wireless; Verizon Wireless 6167 CELLCO-PART Wireless
CA Canada, 1: Bell 577 BACOM; Rogers 812 ROGERS-COMMUNICATIONS; Telus 852 ASN852; Vidéotron 5769 VIDEOTRON LastMile
MX Mexico, 2: Telmex 8151 UNINET; Megacable 13999 MEGA CABLE LastMile
CR Costa Rica, 2: ICE 11830 INSTITUTO COSTARRICENSE DE ELECTRICIDAD Y TELECOM
PA Panama, 2: Cable & Wireless 11556 CABLE & WIRELESS PANAMA`,
  'South America': `
BR Brazil, 2: Vivo 26599 TELEFONICA BRASIL S.A; Claro 28573 CLARO NXT TELECOMUNICACOES; Embratel 4230 CLARO S.A.;
   TIM 26615 TIM S/A Wireless
AR Argentina, 2: Telecom 7303 TELECOM ARGENTINA S.A.; Movistar 22927 TELEFONICA DE ARGENTINA
CL Chile, 1: Movistar 7418 TELEFONICA CHILE S.A.; Entel 6471 ENTEL CHILE S.A.; VTR 22047 VTR BANDA ANCHA S.A. LastMile
CO Colombia, 2: ETB 19429 ETB - COLOMBIA; Claro 10620 TELMEX COLOMBIA S.A.;
   Tigo 13489 EPM TELECOMUNICACIONES S.A. E.S.P. LastMile
PE Peru, 2: Movistar 6147 TELEFONICA DEL PERU S.A.A.; Claro 12252 AMERICA MOVIL PERU S.A.C. Wireless
EC Ecuador, 2: CNT 28006 CORPORACION NACIONAL DE TELECOMUNICACIONES
VE Venezuela, 3: CANTV 8048 CANTV SERVICIOS, VENEZUELA
UY Uruguay, 1: Antel 6057 ADMINISTRACION NACIONAL DE TELECOMUNICACIONES`,
  Europe: `
GB United Kingdom, 1: BT 2856 BT-UK-AS; Virgin Media 5089 NTL LastMile; Sky 5607 BSKYB-BROADBAND-AS LastMile;
   EE 12576 EE-LIMITED Wireless
IE Ireland, 1: eir 5466 EIRCOM
FR France, 1: Orange 3215 FRANCE-TELECOM-ORANGE; Free 12322 PROXAD LastMile; SFR 15557 LDCOMNET;
   Bouygues Telecom 5410 BOUYGTEL-ISP
DE Germany, 1: Deutsche Telekom 3320 DTAG; Vodafone 3209 VODANET; 1&1 Versatel 8881 VERSATEL;
   Telefónica 6805 TDDE-ASN1 Wireless
NL Netherlands, 1: KPN 1136 KPN; Ziggo 9143 ZIGGO LastMile
BE Belgium, 1: Proximus 5432 PROXIMUS-ISP-AS; Telenet 6848 TELENET-AS LastMile
LU Luxembourg, 1: POST 6661 EPT-LU
CH Switzerland, 1: Swisscom (Schweiz) AG 3303 SWISSCOM; Sunrise 6730 SUNRISE; Init7 13030 INIT7
AT Austria, 1: A1 8447 A1TELEKOM-AT; Magenta 8412 TMA
IT Italy, 1: TIM 3269 ASN-IBSNAZ; Fastweb 12874 FASTWEB; Wind Tre 1267 ASN-WINDTRE Wireless
ES Spain, 1: Movistar 3352 TELEFONICA_DE_ESPANA; Orange 12479 UNI2-AS; Vodafone 12430 VODAFONE_ES
PT Portugal, 1: MEO 3243 MEO-RESIDENCIAL; NOS 2860 NOS_COMUNICACOES LastMile
SE Sweden, 1: Telia 3301 TELIANET-SWEDEN; Tele2 1257 TELE2; Bahnhof 8473 BAHNHOF
NO Norway, 1: Telenor 2119 TELENOR-NEXTEL; Altibox 29695 ALTIBOX_AS LastMile
DK Denmark, 1: TDC 3292 TDC
FI Finland, 1: Elisa 719 ELISA-AS; DNA 16086 DNA Wireless
IS Iceland, 1: Síminn 6677 ICENET-AS1
PL Poland, 1: Orange 5617 TPNET; T-Mobile 12912 TM; Netia 12741 AS-NETIA
CZ Czech Republic, 1: O2 5610 O2-CZECH-REPUBLIC; Vodafone 16019 VODAFONE-CZ-AS
SK Slovakia, 1: Slovak Telekom 6855 SK
HU Hungary, 1: Magyar Telekom 5483 MAGYAR-TELEKOM-MAIN-AS; DIGI 20845 DIGICABLE LastMile
RO Romania, 1: RCS & RDS 8708 RCS-RDS; Orange 8953 ASN-ORANGE-ROMANIA Wireless
BG Bulgaria, 1: Vivacom 8866 BTC-AS
GR Greece, 1: OTE 6799 OTENET-GR; Vodafone 3329 HOL-GR
RS Serbia, 2: Telekom Srbija 8400 TELEKOM-AS
HR Croatia, 1: Hrvatski Telekom 5391 T-HT
UA Ukraine, 2: Kyivstar 15895 KSNET-AS; Ukrtelecom 6849 UKRTELNET
EE Estonia, 1: Telia 3249 ESTPAK
LT Lithuania, 1: Telia 8764 TELIA-LIETUVA`,
  Asia: `
TR Turkey, 2: Türk Telekom 9121 TTNET; Turkcell Superonline 34984 SUPERONLINE-AS;
   Vodafone 15897 VODAFONETURKEY Wireless
IL Israel, 1: Bezeq 8551 BEZEQ-INTERNATIONAL-AS; Partner 12400 PARTNER-AS
AE United Arab Emirates, 1: Etisalat 5384 EMIRATES-INTERNET; du 15802 DU-AS1
SA Saudi Arabia, 2: STC 25019 SAUDINETSTC-AS; Mobily 35819 MOBILY-AS Wireless
QA Qatar, 1: Ooredoo 8781 QA-ISP
YE Yemen, 3: YemenNet 30873 PTC-YEMENNET
KZ Kazakhstan, 2: Kazakhtelecom 9198 KAZTELECOM-AS
PK Pakistan, 3: PTCL 17557 PKTELECOM-AS-PK
IN India, 2: Airtel 9498 BBIL-AP; Tata 4755 TATACOMM-AS; Jio 55836 RELIANCEJIO-IN Wireless;
   BSNL 9829 BSNL-NIB LastMile
LK Sri Lanka, 2: SLT 9329 SLTINT-AS-AP; Dialog 18001 DIALOG-AS Wireless
NP Nepal, 3: Nepal Telecom 23752 NPTELECOM-NP-AS
CN China, 3: China Telecom 4134 CHINANET-BACKBONE; Unicom 4837 CHINA169-BACKBONE; China Mobile 9808 CHINAMOBILE-CN
HK Hong Kong, 1: HKT 4760 HKTIMS-AP; HKBN 9269 HKBN-AS-AP LastMile; PCCW 3491 BTN-ASN
TW Taiwan, 1: HiNet 3462 HINET; Taiwan Mobile 9924 TFN-TW Wireless
JP Japan, 1: OCN 4713 OCN; KDDI 2516 KDDI; SoftBank 17676 GIGAINFRA Wireless; IIJ 2497 IIJ
KR Korea, Republic of, 1: KT 4766 KIXS-AS-KR; SK Broadband 9318 SKB-AS; LG U+ 3786 LGDACOM
SG Singapore, 1: Singtel 7473 SINGTEL-AS-AP; StarHub 4657 STARHUB-INTERNET
MY Malaysia, 2: TM 4788 TMNET-AS-AP; Maxis 9534 MAXIS-AS1-AP Wireless
TH Thailand, 2: True 7470 TRUEINTERNET-AS-AP; 3BB 45758 TRIPLETNET-AS-AP LastMile
VN Vietnam, 2: Viettel 7552 VIETEL-AS-AP; VNPT 45899 VNPT-AS-VN; FPT 18403 FPT-AS-AP LastMile
PH Philippines, 2: PLDT 9299 IPG-AS-AP; Globe 4775 GLOBE-TELECOM-AS Wireless; Converge 17639 CONVERGE-AS LastMile
ID Indonesia, 2: Telkom 7713 TELKOMNET-AS-AP; Biznet 17451 BIZNET-AS-AP; Telkomsel 23693 TELKOMSEL-ASN-ID Wireless`,
  Africa: `
EG Egypt, 2: TE Data 8452 TE-AS; Vodafone 36935 VODAFONE-EG Wireless
MA Morocco, 2: Maroc Telecom 36903 MT-MPLS
DZ Algeria, 3: Algérie Télécom 36947 ALGTEL-AS
SN Senegal, 3: Sonatel 8346 SONATEL-AS
CI Côte d'Ivoire, 3: Orange Côte d'Ivoire 29571 ORANGE-COTE-IVOIRE Wireless
GH Ghana, 3: MTN 30986 SCANCOM Wireless
NG Nigeria, 3: MTN 29465 VCG-AS Wireless; MainOne 37282 MAINONE
KE Kenya, 2: Safaricom 33771 SAFARICOM-LIMITED Wireless; Liquid 30844 LIQUID-AS
ET Ethiopia, 3: Ethio Telecom 24757 ETHIONET-AS
TZ Tanzania, 3: Vodacom 36908 VTL-ASN Wireless
ZA South Africa, 2: Telkom 37457 TELKOM-INTERNET; MTN 16637 MTNNS-AS; Vodacom 36994 VODACOM-VB Wireless;
   Internet Solutions 3741 IS`,
  Oceania: `
AU Australia, 1: Telstra 1221 ASN-TELSTRA; Optus 4804 MPX-AS; TPG 7545 TPG-INTERNET-AP LastMile;
   Vocus 4826 VOCUS-BACKBONE-AS
NZ New Zealand, 1: Spark 4771 SPARKNZ; 2degrees 23655 2DEGREES-AS-AP
NC New Caledonia, 2: OPT 18200 OPT-NC`,
};

/** By ISO 3166 code. */
export const countries: ReadonlyMap<string, Country> = new Map(
  Object.entries(tables).flatMap(([continent, table]) =>
    table
      .trim()
      .split(/\n(?! )/)
      .map((row) => parseCountry(row, continent)),
  ),
);

function parseCountry(row: string, continent: string): [code: string, country: Country] {
  const [, code = '', name = '', impairment, providers = ''] = /^(\w\w) (.+), (\d): (.+)$/s.exec(row) ?? [];
  return [code, { name, continent, impairment: Number(impairment), providers: parseProviders(providers) }];
}
