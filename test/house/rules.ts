// The house rules over a set of source files: each rule takes the files and returns a line for every breach.

import { type Node, parse } from 'acorn';
import { full } from 'acorn-walk';
import { posix } from 'node:path';

/** String literals of a line. */
const texts = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/g;

/** Source text by path below src/, such as `sources/catchpoint/push.ts`. */
export type Sources = ReadonlyMap<string, string>;

const maxFileLines = 250;
const maxFunctionLines = 60;
const forbiddenNames = /^(utils?|helpers?|common|misc|managers?|services?|types|interfaces|index)$/;

/** The files that a file imports, types included, as paths below src/. */
function importsOf(path: string, text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    posix.join(posix.dirname(path), match[1] as string),
  );
}

/** The packages that are loaded with these files, by whatever is imported with them and not later on demand. Takes the emitted JavaScript. */
export function packagesOf(emitted: Sources, files: readonly string[]): string[] {
  const seen = new Set<string>();
  const packages = new Set<string>();
  function visit(path: string): void {
    if (seen.has(path)) return;
    seen.add(path);
    const text = emitted.get(path);
    if (text === undefined) throw new Error(`${path}: no such file`);
    for (const name of staticImports(text)) {
      if (name.startsWith('.')) visit(posix.join(posix.dirname(path), name));
      else if (!name.startsWith('node:')) packages.add(name);
    }
  }
  files.forEach(visit);
  return [...packages].toSorted();
}

function staticImports(text: string): string[] {
  const { body } = parse(text, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true });
  return body.flatMap((node) =>
    'source' in node && typeof node.source?.value === 'string' ? [node.source.value] : [],
  );
}

export function beginsWithPurpose(sources: Sources): string[] {
  return [...sources]
    .filter(([, text]) => !/^(#!.*\n)?\/\/ \S.*\S/.test(text))
    .map(([path]) => `${path}: does not begin with a comment that says what it is for`);
}

export function fileSize(sources: Sources): string[] {
  return [...sources]
    .map(([path, text]) => [path, text.trimEnd().split('\n').length] as const)
    .filter(([, lines]) => lines > maxFileLines)
    .map(([path, lines]) => `${path}: ${lines} lines (at most ${maxFileLines})`);
}

/** Takes the emitted JavaScript, which has the same functions; a one-line wrapper is not counted apart from its body. */
export function functionSize(emitted: Sources): string[] {
  return [...emitted].flatMap(([path, text]) => {
    const breaches: string[] = [];
    full(parse(text, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true }), (node: Node) => {
      if (!/Function/.test(node.type)) return;
      const lines = text.slice(node.start, node.end).split('\n').length;
      if (lines > maxFunctionLines) {
        breaches.push(
          `${path}:${text.slice(0, node.start).split('\n').length}: a function of ${lines} lines (at most ${maxFunctionLines})`,
        );
      }
    });
    return breaches;
  });
}

export function names(sources: Sources): string[] {
  return [...sources.keys()]
    .filter((path) =>
      path.split('/').some((part) =>
        part
          .replace(/\.ts$/, '')
          .split('-')
          .some((word) => forbiddenNames.test(word)),
      ),
    )
    .map((path) => `${path}: the name says nothing of what is in it`);
}

/** Words that an earlier version used for what the field calls otherwise; src/README.md has the words that hold. */
const retiredWords = new Set([
  'ambient',
  'bell',
  'conceal',
  'crew',
  'door',
  'doors',
  'entrance',
  'errand',
  'examination',
  'examinations',
  'lately',
  'obstacle',
  'obstacles',
  'seldom',
  'surroundings',
  'tally',
  'tallied',
  'told',
  'trial',
  'trials',
  'troubles',
  'vitals',
]);

/** File names and identifiers, outside of comments and texts. */
export function retiredNames(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) => {
    const code = text
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/\/\/.*$/gm, '')
      .replace(texts, "''");
    const found = [...path.replace(/\.ts$/, '').split('/'), ...(code.match(/[A-Za-z_]\w*/g) ?? [])];
    return [...new Set(found)]
      .filter((name) => name.split(/[-_]|(?=[A-Z])/).some((word) => retiredWords.has(word.toLowerCase())))
      .map((name) => `${path}: "${name}" is retired`);
  });
}

export function exportForms(sources: Sources): string[] {
  return [...sources]
    .filter(([, text]) => /^export (default|\*)/m.test(text))
    .map(([path]) => `${path}: has a default export or re-exports everything`);
}

/** Time, randomness, environment and process are passed in. */
export function ambient(sources: Sources): string[] {
  const use =
    /\b(process\.(?!versions)|console\.|Date\.now\(|Math\.random\(|setTimeout\(|setInterval\(|new Date\(\)|performance\.now)/;
  return [...sources]
    .filter(([path]) => path !== 'main.ts' && path !== 'runtime/clock.ts')
    .flatMap(([path, text]) => {
      const code = text
        .replace(/\/\*[\s\S]*?\*\//g, '')
        .replace(/\/\/.*$/gm, '')
        .replace(texts, "''")
        .replace(/(?<=\.)setTimeout\(/g, '');
      const found = use.exec(code);
      return found === null ? [] : [`${path}: uses ${found[0]} (only main.ts and runtime/clock.ts may)`];
    });
}

/** The rooms of src/ from the top down, each with the rooms that it may import; an import never goes up. */
export const rooms: Readonly<Record<string, readonly string[]>> = {
  'main.ts': ['cli', 'workers', 'telemetry', 'outlet', 'config', 'runtime'],
  cli: [
    'daemon',
    'simulator',
    'workers',
    'status',
    'admin',
    'telemetry',
    'outlet',
    'config',
    'sources',
    'sinks',
    'spool',
    'auth',
    'model',
    'runtime',
  ],
  daemon: [
    'workers',
    'status',
    'admin',
    'telemetry',
    'outlet',
    'config',
    'sources',
    'spool',
    'auth',
    'http',
    'model',
    'runtime',
  ],
  simulator: ['model', 'runtime'],
  workers: ['config', 'sources', 'auth', 'http', 'runtime'],
  status: ['telemetry', 'model', 'runtime'],
  admin: ['spool', 'http', 'model', 'runtime'],
  telemetry: ['outlet', 'config', 'spool', 'auth', 'model', 'runtime'],
  outlet: ['config', 'sinks', 'spool', 'model', 'runtime'],
  config: ['sources', 'sinks', 'auth', 'model', 'runtime'],
  sources: ['auth', 'http', 'model', 'runtime'],
  sinks: ['model', 'runtime'],
  spool: ['model', 'runtime'],
  auth: ['http', 'runtime'],
  http: ['runtime'],
  model: [],
  runtime: [],
};

/** What holds within a room: no file whose path matches `from` imports one whose path matches `to`. */
const walls: readonly { readonly from: RegExp; readonly to: RegExp; readonly why: string }[] = [
  { from: /^status\/page\//, to: /^(?!status\/(page\/|messages\.ts$))/, why: 'the page runs in a browser' },
  { from: /^spool\/log\//, to: /^spool\/(?!log\/)/, why: 'the log knows nothing of what is stored in it' },
  {
    from: /^spool\/legacy\/lmdb\//,
    to: /^spool\/(?!legacy\/lmdb\/)/,
    why: 'a process of its own reads the legacy store',
  },
  {
    from: /^config\//,
    to: /^(sources|sinks)\/(?!catchpoint\/(slices|run-tags)\.ts|graphite\/template\.ts|backstop\/publish-address\.ts|docker\/(naming\/(rules|filters|labels|names)|engine\/address|docker)\.ts)/,
    why: 'settings name dimensions, tags, templates, rules, filters and addresses alone',
  },
  { from: /^sinks\//, to: /^sources\//, why: 'sources and sinks do not know of each other' },
];

function roomOf(path: string): string {
  return path.split('/')[0] as string;
}

/** Every file is in a room, and imports from its own room or from one that its room may import. */
export function arrowsOfImport(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) => {
    const room = roomOf(path);
    const allowed = rooms[room];
    if (allowed === undefined) return [`${path}: there is no such room (test/house/rules.ts)`];
    return importsOf(path, text).flatMap((target) => {
      if (target === room || (roomOf(target) !== room && !allowed.includes(roomOf(target)))) {
        return [`${path}: must not import ${target}`];
      }
      const plugin = /^(sources|sinks)\/([^/]+)\//;
      const [, kind, name] = plugin.exec(path) ?? [];
      const [, targetKind, targetName] = plugin.exec(target) ?? [];
      if (kind !== undefined && kind === targetKind && name !== targetName) {
        return [`${path}: must not import ${target}: plugins do not know of each other`];
      }
      const wall = walls.find(({ from, to }) => from.test(path) && to.test(target));
      return wall === undefined ? [] : [`${path}: must not import ${target}: ${wall.why}`];
    });
  });
}

/** Rooms stand in order: each imports only rooms below itself. */
export function orderOfRooms(): string[] {
  const order = Object.keys(rooms);
  return order.flatMap((room, at) =>
    (rooms[room] as readonly string[])
      .filter((target) => order.indexOf(target) <= at)
      .map((target) => `${room} → ${target} goes up`),
  );
}

/** Circles, type-only imports included. */
export function circles(sources: Sources): string[] {
  const done = new Set<string>();
  const breaches: string[] = [];
  function visit(path: string, trail: readonly string[]): void {
    if (trail.includes(path)) {
      breaches.push(`circle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`);
    } else if (!done.has(path)) {
      for (const target of importsOf(path, sources.get(path) ?? '')) visit(target, [...trail, path]);
      done.add(path);
    }
  }
  for (const path of sources.keys()) visit(path, []);
  return breaches;
}
