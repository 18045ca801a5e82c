// The providers of each country, by its ISO 3166 code.

import type { Provider } from './providers.ts';

export const nationalProviders: Readonly<Record<string, readonly Provider[]>> = {
  US: [
    ['AT&T', 7018, 'ATT-INTERNET4'],
    ['Verizon', 701, 'UUNET'],
    ['Comcast', 7922, 'COMCAST-7922', 'LastMile'],
    ['Charter', 20115, 'CHARTER-20115', 'LastMile'],
    ['Cox', 22773, 'ASN-CXA-ALL-CCI-22773-RDC', 'LastMile'],
    ['Windstream', 7029, 'WINDSTREAM'],
    ['T-Mobile', 21928, 'T-MOBILE-AS21928', 'Wireless'],
    ['Verizon Wireless', 6167, 'CELLCO-PART', 'Wireless'],
  ],
  CA: [
    ['Bell', 577, 'BACOM'],
    ['Rogers', 812, 'ROGERS-COMMUNICATIONS'],
    ['Telus', 852, 'ASN852'],
    ['Vidéotron', 5769, 'VIDEOTRON', 'LastMile'],
  ],
  MX: [
    ['Telmex', 8151, 'UNINET'],
    ['Megacable', 13999, 'MEGA CABLE', 'LastMile'],
  ],
  CR: [['ICE', 11830, 'INSTITUTO COSTARRICENSE DE ELECTRICIDAD Y TELECOM']],
  PA: [['Cable & Wireless', 11556, 'CABLE & WIRELESS PANAMA']],
  BR: [
    ['Vivo', 26599, 'TELEFONICA BRASIL S.A'],
    ['Claro', 28573, 'CLARO NXT TELECOMUNICACOES'],
    ['Embratel', 4230, 'CLARO S.A.'],
    ['TIM', 26615, 'TIM S/A', 'Wireless'],
  ],
  AR: [
    ['Telecom', 7303, 'TELECOM ARGENTINA S.A.'],
    ['Movistar', 22927, 'TELEFONICA DE ARGENTINA'],
  ],
  CL: [
    ['Movistar', 7418, 'TELEFONICA CHILE S.A.'],
    ['Entel', 6471, 'ENTEL CHILE S.A.'],
    ['VTR', 22047, 'VTR BANDA ANCHA S.A.', 'LastMile'],
  ],
  CO: [
    ['ETB', 19429, 'ETB - COLOMBIA'],
    ['Claro', 10620, 'TELMEX COLOMBIA S.A.'],
    ['Tigo', 13489, 'EPM TELECOMUNICACIONES S.A. E.S.P.', 'LastMile'],
  ],
  PE: [
    ['Movistar', 6147, 'TELEFONICA DEL PERU S.A.A.'],
    ['Claro', 12252, 'AMERICA MOVIL PERU S.A.C.', 'Wireless'],
  ],
  EC: [['CNT', 28006, 'CORPORACION NACIONAL DE TELECOMUNICACIONES']],
  VE: [['CANTV', 8048, 'CANTV SERVICIOS, VENEZUELA']],
  UY: [['Antel', 6057, 'ADMINISTRACION NACIONAL DE TELECOMUNICACIONES']],
  GB: [
    ['BT', 2856, 'BT-UK-AS'],
    ['Virgin Media', 5089, 'NTL', 'LastMile'],
    ['Sky', 5607, 'BSKYB-BROADBAND-AS', 'LastMile'],
    ['EE', 12576, 'EE-LIMITED', 'Wireless'],
  ],
  IE: [['eir', 5466, 'EIRCOM']],
  FR: [
    ['Orange', 3215, 'FRANCE-TELECOM-ORANGE'],
    ['Free', 12322, 'PROXAD', 'LastMile'],
    ['SFR', 15557, 'LDCOMNET'],
    ['Bouygues Telecom', 5410, 'BOUYGTEL-ISP'],
  ],
  DE: [
    ['Deutsche Telekom', 3320, 'DTAG'],
    ['Vodafone', 3209, 'VODANET'],
    ['1&1 Versatel', 8881, 'VERSATEL'],
    ['Telefónica', 6805, 'TDDE-ASN1', 'Wireless'],
  ],
  NL: [
    ['KPN', 1136, 'KPN'],
    ['Ziggo', 9143, 'ZIGGO', 'LastMile'],
  ],
  BE: [
    ['Proximus', 5432, 'PROXIMUS-ISP-AS'],
    ['Telenet', 6848, 'TELENET-AS', 'LastMile'],
  ],
  LU: [['POST', 6661, 'EPT-LU']],
  CH: [
    ['Swisscom (Schweiz) AG', 3303, 'SWISSCOM'],
    ['Sunrise', 6730, 'SUNRISE'],
    ['Init7', 13030, 'INIT7'],
  ],
  AT: [
    ['A1', 8447, 'A1TELEKOM-AT'],
    ['Magenta', 8412, 'TMA'],
  ],
  IT: [
    ['TIM', 3269, 'ASN-IBSNAZ'],
    ['Fastweb', 12874, 'FASTWEB'],
    ['Wind Tre', 1267, 'ASN-WINDTRE', 'Wireless'],
  ],
  ES: [
    ['Movistar', 3352, 'TELEFONICA_DE_ESPANA'],
    ['Orange', 12479, 'UNI2-AS'],
    ['Vodafone', 12430, 'VODAFONE_ES'],
  ],
  PT: [
    ['MEO', 3243, 'MEO-RESIDENCIAL'],
    ['NOS', 2860, 'NOS_COMUNICACOES', 'LastMile'],
  ],
  SE: [
    ['Telia', 3301, 'TELIANET-SWEDEN'],
    ['Tele2', 1257, 'TELE2'],
    ['Bahnhof', 8473, 'BAHNHOF'],
  ],
  NO: [
    ['Telenor', 2119, 'TELENOR-NEXTEL'],
    ['Altibox', 29695, 'ALTIBOX_AS', 'LastMile'],
  ],
  DK: [['TDC', 3292, 'TDC']],
  FI: [
    ['Elisa', 719, 'ELISA-AS'],
    ['DNA', 16086, 'DNA', 'Wireless'],
  ],
  IS: [['Síminn', 6677, 'ICENET-AS1']],
  PL: [
    ['Orange', 5617, 'TPNET'],
    ['T-Mobile', 12912, 'TM'],
    ['Netia', 12741, 'AS-NETIA'],
  ],
  CZ: [
    ['O2', 5610, 'O2-CZECH-REPUBLIC'],
    ['Vodafone', 16019, 'VODAFONE-CZ-AS'],
  ],
  SK: [['Slovak Telekom', 6855, 'SK']],
  HU: [
    ['Magyar Telekom', 5483, 'MAGYAR-TELEKOM-MAIN-AS'],
    ['DIGI', 20845, 'DIGICABLE', 'LastMile'],
  ],
  RO: [
    ['RCS & RDS', 8708, 'RCS-RDS'],
    ['Orange', 8953, 'ASN-ORANGE-ROMANIA', 'Wireless'],
  ],
  BG: [['Vivacom', 8866, 'BTC-AS']],
  GR: [
    ['OTE', 6799, 'OTENET-GR'],
    ['Vodafone', 3329, 'HOL-GR'],
  ],
  RS: [['Telekom Srbija', 8400, 'TELEKOM-AS']],
  HR: [['Hrvatski Telekom', 5391, 'T-HT']],
  UA: [
    ['Kyivstar', 15895, 'KSNET-AS'],
    ['Ukrtelecom', 6849, 'UKRTELNET'],
  ],
  EE: [['Telia', 3249, 'ESTPAK']],
  LT: [['Telia', 8764, 'TELIA-LIETUVA']],
  TR: [
    ['Türk Telekom', 9121, 'TTNET'],
    ['Turkcell Superonline', 34984, 'SUPERONLINE-AS'],
    ['Vodafone', 15897, 'VODAFONETURKEY', 'Wireless'],
  ],
  IL: [
    ['Bezeq', 8551, 'BEZEQ-INTERNATIONAL-AS'],
    ['Partner', 12400, 'PARTNER-AS'],
  ],
  AE: [
    ['Etisalat', 5384, 'EMIRATES-INTERNET'],
    ['du', 15802, 'DU-AS1'],
  ],
  SA: [
    ['STC', 25019, 'SAUDINETSTC-AS'],
    ['Mobily', 35819, 'MOBILY-AS', 'Wireless'],
  ],
  QA: [['Ooredoo', 8781, 'QA-ISP']],
  YE: [['YemenNet', 30873, 'PTC-YEMENNET']],
  KZ: [['Kazakhtelecom', 9198, 'KAZTELECOM-AS']],
  PK: [['PTCL', 17557, 'PKTELECOM-AS-PK']],
  IN: [
    ['Airtel', 9498, 'BBIL-AP'],
    ['Tata', 4755, 'TATACOMM-AS'],
    ['Jio', 55836, 'RELIANCEJIO-IN', 'Wireless'],
    ['BSNL', 9829, 'BSNL-NIB', 'LastMile'],
  ],
  LK: [
    ['SLT', 9329, 'SLTINT-AS-AP'],
    ['Dialog', 18001, 'DIALOG-AS', 'Wireless'],
  ],
  NP: [['Nepal Telecom', 23752, 'NPTELECOM-NP-AS']],
  CN: [
    ['China Telecom', 4134, 'CHINANET-BACKBONE'],
    ['Unicom', 4837, 'CHINA169-BACKBONE'],
    ['China Mobile', 9808, 'CHINAMOBILE-CN'],
  ],
  HK: [
    ['HKT', 4760, 'HKTIMS-AP'],
    ['HKBN', 9269, 'HKBN-AS-AP', 'LastMile'],
    ['PCCW', 3491, 'BTN-ASN'],
  ],
  TW: [
    ['HiNet', 3462, 'HINET'],
    ['Taiwan Mobile', 9924, 'TFN-TW', 'Wireless'],
  ],
  JP: [
    ['OCN', 4713, 'OCN'],
    ['KDDI', 2516, 'KDDI'],
    ['SoftBank', 17676, 'GIGAINFRA', 'Wireless'],
    ['IIJ', 2497, 'IIJ'],
  ],
  KR: [
    ['KT', 4766, 'KIXS-AS-KR'],
    ['SK Broadband', 9318, 'SKB-AS'],
    ['LG U+', 3786, 'LGDACOM'],
  ],
  SG: [
    ['Singtel', 7473, 'SINGTEL-AS-AP'],
    ['StarHub', 4657, 'STARHUB-INTERNET'],
  ],
  MY: [
    ['TM', 4788, 'TMNET-AS-AP'],
    ['Maxis', 9534, 'MAXIS-AS1-AP', 'Wireless'],
  ],
  TH: [
    ['True', 7470, 'TRUEINTERNET-AS-AP'],
    ['3BB', 45758, 'TRIPLETNET-AS-AP', 'LastMile'],
  ],
  VN: [
    ['Viettel', 7552, 'VIETEL-AS-AP'],
    ['VNPT', 45899, 'VNPT-AS-VN'],
    ['FPT', 18403, 'FPT-AS-AP', 'LastMile'],
  ],
  PH: [
    ['PLDT', 9299, 'IPG-AS-AP'],
    ['Globe', 4775, 'GLOBE-TELECOM-AS', 'Wireless'],
    ['Converge', 17639, 'CONVERGE-AS', 'LastMile'],
  ],
  ID: [
    ['Telkom', 7713, 'TELKOMNET-AS-AP'],
    ['Biznet', 17451, 'BIZNET-AS-AP'],
    ['Telkomsel', 23693, 'TELKOMSEL-ASN-ID', 'Wireless'],
  ],
  EG: [
    ['TE Data', 8452, 'TE-AS'],
    ['Vodafone', 36935, 'VODAFONE-EG', 'Wireless'],
  ],
  MA: [['Maroc Telecom', 36903, 'MT-MPLS']],
  DZ: [['Algérie Télécom', 36947, 'ALGTEL-AS']],
  SN: [['Sonatel', 8346, 'SONATEL-AS']],
  CI: [["Orange Côte d'Ivoire", 29571, 'ORANGE-COTE-IVOIRE', 'Wireless']],
  GH: [['MTN', 30986, 'SCANCOM', 'Wireless']],
  NG: [
    ['MTN', 29465, 'VCG-AS', 'Wireless'],
    ['MainOne', 37282, 'MAINONE'],
  ],
  KE: [
    ['Safaricom', 33771, 'SAFARICOM-LIMITED', 'Wireless'],
    ['Liquid', 30844, 'LIQUID-AS'],
  ],
  ET: [['Ethio Telecom', 24757, 'ETHIONET-AS']],
  TZ: [['Vodacom', 36908, 'VTL-ASN', 'Wireless']],
  ZA: [
    ['Telkom', 37457, 'TELKOM-INTERNET'],
    ['MTN', 16637, 'MTNNS-AS'],
    ['Vodacom', 36994, 'VODACOM-VB', 'Wireless'],
    ['Internet Solutions', 3741, 'IS'],
  ],
  AU: [
    ['Telstra', 1221, 'ASN-TELSTRA'],
    ['Optus', 4804, 'MPX-AS'],
    ['TPG', 7545, 'TPG-INTERNET-AP', 'LastMile'],
    ['Vocus', 4826, 'VOCUS-BACKBONE-AS'],
  ],
  NZ: [
    ['Spark', 4771, 'SPARKNZ'],
    ['2degrees', 23655, '2DEGREES-AS-AP'],
  ],
  NC: [['OPT', 18200, 'OPT-NC']],
};
