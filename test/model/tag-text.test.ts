// Tag values of the names of Catchpoint's nodes, cities and providers.

import test from 'ava';
import fc from 'fast-check';
import { legalTagText } from '../../src/model/tag-text.ts';

/** Node names from public material, and difficult names of the same pattern. */
const names: Readonly<Record<string, string>> = {
  'Jinan, CN - Unicom': 'Jinan_CN_-_Unicom',
  'Las Vegas, US - Level3': 'Las_Vegas_US_-_Level3',
  'New York, US - Level3': 'New_York_US_-_Level3',
  'New York, US - AT&T': 'New_York_US_-_AT_T',
  'New York, US - Cogent': 'New_York_US_-_Cogent',
  'New York, US - Comcast': 'New_York_US_-_Comcast',
  'Frankfurt, DE - AWS': 'Frankfurt_DE_-_AWS',
  'Frankfurt, DE - Cogent': 'Frankfurt_DE_-_Cogent',
  'Frankfurt, DE - NTT': 'Frankfurt_DE_-_NTT',
  'Frankfurt, DE - Level 3': 'Frankfurt_DE_-_Level_3',
  'Bangalore, IN - Airtel': 'Bangalore_IN_-_Airtel',
  'Bangalore, IN - Tata': 'Bangalore_IN_-_Tata',
  'Honolulu, HI - Multihomed': 'Honolulu_HI_-_Multihomed',
  'New York - Level3': 'New_York_-_Level3',
  'Chicago - Level3 IPv6': 'Chicago_-_Level3_IPv6',
  'Washington, DC - Zayo': 'Washington_DC_-_Zayo',
  'San Francisco - VZN': 'San_Francisco_-_VZN',
  'Los Angeles - TWTC': 'Los_Angeles_-_TWTC',
  'Bangalore, IN - Tata Teleservices': 'Bangalore_IN_-_Tata_Teleservices',
  'London, UK - BT': 'London_UK_-_BT',
  'Los Angeles, US - Comcast': 'Los_Angeles_US_-_Comcast',
  'Chicago, US - AT&T': 'Chicago_US_-_AT_T',
  'Miami, US - AT&T': 'Miami_US_-_AT_T',
  'São Paulo, BR - Vivo': 'Sao_Paulo_BR_-_Vivo',
  "Xi'an, CN - China Telecom": 'Xi_an_CN_-_China_Telecom',
  'Zürich, CH - Swisscom (Schweiz) AG': 'Zurich_CH_-_Swisscom_Schweiz_AG',
  'Bogotá, CO - ETB': 'Bogota_CO_-_ETB',
  'Montréal, CA - Vidéotron': 'Montreal_CA_-_Videotron',
  "St. John's, CA - Bell Aliant LM": 'St._John_s_CA_-_Bell_Aliant_LM',
  'Winston-Salem, US - AT&T U-verse': 'Winston-Salem_US_-_AT_T_U-verse',
  'Malmö, SE - Telia': 'Malmo_SE_-_Telia',
  'Kraków, PL - T-Mobile': 'Krakow_PL_-_T-Mobile',
  'Łódź, PL - Orange': 'Lodz_PL_-_Orange',
  'İstanbul, TR - Türk Telekom': 'Istanbul_TR_-_Turk_Telekom',
  'Reykjavík, IS - Síminn': 'Reykjavik_IS_-_Siminn',
  "Abidjan, CI - Orange Côte d'Ivoire 4G/LTE": 'Abidjan_CI_-_Orange_Cote_d_Ivoire_4G/LTE',
  'Ürümqi, CN - Unicom': 'Urumqi_CN_-_Unicom',
  'Hồ Chí Minh City, VN - Viettel': 'Ho_Chi_Minh_City_VN_-_Viettel',
  "Sana'a, YE - YemenNet": 'Sana_a_YE_-_YemenNet',
  'Nur-Sultan (Astana), KZ - Kazakhtelecom': 'Nur-Sultan_Astana_KZ_-_Kazakhtelecom',
  'Frankfurt am Main, DE - 1&1 Versatel': 'Frankfurt_am_Main_DE_-_1_1_Versatel',
  'Paris, FR - Free/Proxad': 'Paris_FR_-_Free/Proxad',
  "'s-Hertogenbosch, NL - KPN": 's-Hertogenbosch_NL_-_KPN',
  'Dallas, US - Charter + Spectrum (Enterprise)': 'Dallas_US_-_Charter_Spectrum_Enterprise',
  '東京, JP - NTT': 'DongJing_JP_-_NTT',
  'Москва, RU - Ростелеком': 'Moskva_RU_-_Rostelekom',
  'Trinidad & Tobago': 'Trinidad_Tobago',
  'Korea, Republic of': 'Korea_Republic_of',
  'Congo (Kinshasa)': 'Congo_Kinshasa',
  'Newfoundland & Labrador': 'Newfoundland_Labrador',
  'Île-de-France': 'Ile-de-France',
  'Nur-Sultan (Astana)': 'Nur-Sultan_Astana',
};

for (const [name, legal] of Object.entries(names)) {
  test(`${name} becomes ${legal}`, (t) => t.is(legalTagText(name), legal));
}

test('a run of spaces becomes one underscore for each space', (t) => {
  t.is(legalTagText('New  York'), 'New__York');
});

test('two Chinese names stay different', (t) => t.not(legalTagText('東京'), legalTagText('中国')));

test('a text without any legal character has no tag value', (t) => {
  for (const text of ['', ' ', '&', ' (# ) ', '\n']) t.is(legalTagText(text), undefined);
});

test('the tag value of any text is legal in OpenTSDB and at most 200 characters long', (t) => {
  const legal = fc.property(fc.string({ unit: 'binary' }), (text) =>
    /^[A-Za-z0-9._/-]{1,200}$/.test(legalTagText(text) ?? 'none'),
  );
  t.notThrows(() => fc.assert(legal));
});
