// What the records have in common, so that compression need not write it into each: a typical record, and words of others.
//
// What is stored can only be read with the dictionary it was written with: another one is another format.

const words = [
  '"nodeid":"1","error":"transaction","timeout","system_limit","connection"',
  '"North_America","South_America","Europe","Africa","Oceania","United_States","United_Kingdom","Germany"',
  'catchpoint.content_error.by_node.catchpoint.ping.loss_pct.by_catchpoint.traceroute.hops.by_catchpoint.score.',
  'catchpoint.byte.response.content.by_catchpoint.counter.hosts.by_catchpoint.timing.document_complete.by_catchpoint.timing.dns.by_',
];

const slices = ['node', 'asn', 'continent', 'city', 'country', 'region', 'isp'].flatMap((slice) => {
  const tag = slice === 'node' ? '' : `,"${slice}":"${slice === 'continent' ? 'Asia' : '1'}"`;
  return [
    `["catchpoint.rtt.by_${slice}.204417",1794994452,"s","164.0",{"nodeid":"312"${tag}}]`,
    `["catchpoint.status.by_${slice}.204417",1794994452,"s","1.0",{"nodeid":"312"${tag},"status":"ok"}]`,
  ];
});

/** As lmdb wants it: a multiple of eight bytes. */
export function recordDictionary(): Buffer {
  const text = `${words.join('')}[1794994452345,14,1301,[${slices.join(',')},["catchpoint.error.by_node.204417",1794994452,"s","1.0",{"nodeid":"312","error":"50010"}]]]`;
  return Buffer.from(text.padStart(Math.ceil(text.length / 8) * 8));
}
