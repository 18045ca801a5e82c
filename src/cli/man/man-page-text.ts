// The sections of the manual page that are not generated from the commands: signals, exit status and files.

type Section = readonly (readonly [name: string, text: string])[];

export const signals: Section = [
  [
    'SIGTERM, SIGINT',
    'End the bridge: no more pushes are taken, those in hand are finished, what waits is given ten seconds; the rest stays in the spool. A second one hurries, a third one kills.',
  ],
  [
    'SIGHUP',
    'Reads the configuration anew: what can change changes, what cannot is named in the log, and what is wrong changes nothing. When the terminal of the bridge closes, it ends as with SIGTERM.',
  ],
];

/** After sysexits.h. */
export const exitCodes: Section = [
  ['0', 'Ended by a signal, or done; for check and doctor: nothing is wrong.'],
  ['1', 'A command found nothing, was refused, or was answered no; or something was lost.'],
  ['64', 'Wrong usage.'],
  [
    '65',
    'For replay: something was malformed, and the rest was replayed. For template --check: the body is not right.',
  ],
  ['66', 'For replay: a file cannot be read.'],
  [
    '69',
    'Something is not available: a port, the state directory; for check and doctor: OpenTSDB, Catchpoint or the push URL.',
  ],
  ['70', "A fault of the program's own."],
  ['73', 'A file or directory cannot be made; for config init: it is there already.'],
  ['74', 'The disk fails or is full, or a file cannot be written.'],
  ['75', 'For replay: the spool is full, or it was stopped.'],
  [
    '77',
    'Permission is denied on a file or directory; for doctor: credentials, or the token of the push URL, are not taken.',
  ],
  ['78', 'Wrong configuration.'],
];

export const files: Section = [
  [
    '/var/lib/catchpoint-opentsdb-bridge',
    'The state directory, where it can be written and no other is set: the spool, the node directory, and while the bridge runs admin.json with the address and the token of its administration.',
  ],
  ['spool/', 'In the state directory: what waits, parked runs and dead letters.'],
  ['nodes/directory.json', 'In the state directory: the nodes, one a line.'],
];
