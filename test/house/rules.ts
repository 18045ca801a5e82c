// The house rules over a set of source files: each rule takes the files and returns a line for every breach.

import { type Node, parse } from 'acorn';
import { full } from 'acorn-walk';
import { posix } from 'node:path';

/** Source text by path below src/, such as `sources/catchpoint/push.ts`. */
export type Sources = ReadonlyMap<string, string>;

const maxFileLines = 250;
const maxFunctionLines = 60;
const forbiddenNames = /^(utils?|helpers?|common|misc|managers?|services?|types|interfaces|index)$/;

/** The files that a file imports, types included, as paths below src/. */
export function importsOf(path: string, text: string): string[] {
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
    .filter(([path]) => path !== 'main.ts' && path !== 'clock.ts')
    .flatMap(([path, text]) => {
      const code = text
        .replace(/\/\*[\s\S]*?\*\//g, '')
        .replace(/\/\/.*$/gm, '')
        .replace(/(?<=\.)setTimeout\(/g, '');
      const found = use.exec(code);
      return found === null ? [] : [`${path}: uses ${found[0]} (only main.ts and clock.ts may)`];
    });
}

/** What each part may import, beside its own folder below sources/ or sinks/. The first line that fits a file's path holds. */
const arrows: readonly (readonly [from: RegExp, to: RegExp])[] = [
  [
    /^main\.ts$/,
    /^(config|log|clock|program|telemetry\/vitals|workers\/processes|outlet-thread\/(messages|worker-thread))\.ts$|^commands\//,
  ],
  [/^(program\.ts|commands\/)/, /^(?!main\.ts$)/],
  [/^outlets\.ts$/, /^(config|clock|log|outlet|open-sinks|sink|exchangeable-sink)\.ts$|^spool\//],
  [/^open-sinks\.ts$/, /^(config|clock|log|sink|exchangeable-sink)\.ts$|^sinks\//],
  [/^outlet-thread\/messages\.ts$/, /^(config|outlet|sink)\.ts$|^spool\/|^telemetry\/sink-counts\.ts$/],
  [
    /^outlet-thread\//,
    /^(backoff|bell|clock|config|log|open-sinks|outlets?|sink|exchangeable-sink)\.ts$|^spool\/|^telemetry\/sink-counts\.ts$|^outlet-thread\//,
  ],
  [/^exchangeable-sink\.ts$/, /^sink\.ts$/],
  [/^reload\.ts$/, /^(config|clock|log|schedule)\.ts$|^settings\//],
  [
    /^changeable-parts\.ts$/,
    /^(config|log|outlets|reload|sources)\.ts$|^access\/access\.ts$|^workers\/crew\.ts$|^settings\/|^spool\//,
  ],
  [
    /^ambient\.ts$/,
    /^(clock|log|reload)\.ts$|^telemetry\/vitals\.ts$|^workers\/processes\.ts$|^outlet-thread\/messages\.ts$/,
  ],
  [
    /^parts\.ts$/,
    /^(ambient|config|log|outlets|owner|sources)\.ts$|^(access|spool|status|telemetry)\/|^workers\/crew\.ts$|^outlet-thread\/host\.ts$/,
  ],
  [
    /^doors\.ts$/,
    /^(ambient|clock|config|health|loop|parts|push-front|server|serving|sources|access\/turned-away)\.ts$|^(admin|status|telemetry)\//,
  ],
  [/^push-front\.ts$/, /^(body|request-id|server|sources\/catchpoint\/push-route|access\/(entrance|expectation))\.ts$/],
  [/^serving\.ts$/, /^(clock|log|server)\.ts$/],
  [
    /^workers\//,
    /^(backoff|clock|config|log|push-front|schedule|server|serving|sources\/catchpoint\/push-route)\.ts$|^access\/|^workers\//,
  ],
  [/^notify-socket\.ts$/, /^log\.ts$/],
  [/^soon-needed\.ts$/, /^(log|telemetry\/prometheus|status\/page-files)\.ts$/],
  [/^daemon\.ts$/, /^(?!main\.ts$|program\.ts$|commands\/|simulator\/)/],
  [
    /^sources\.ts$/,
    /^(config|point|clock|log|settings\/addresses)\.ts$|^sources\/|^spool\/spool\.ts$|^telemetry\/telemetry\.ts$|^status\/seen-pushes\.ts$|^access\/access\.ts$/,
  ],
  [
    /^config\.ts$/,
    /^(log|point)\.ts$|^settings\/|^(sources\/catchpoint\/(slices|run-tags)|sinks\/graphite\/template)\.ts$/,
  ],
  [
    /^settings\//,
    /^(log|point)\.ts$|^settings\/|^(sources\/catchpoint\/(slices|run-tags)|sinks\/graphite\/template)\.ts$|^access\/(token-text|networks|sender-check)\.ts$/,
  ],
  [/^access\//, /^(body|clock|log|schedule|seldom)\.ts$|^access\//],
  [
    /^sources\/([^/]+)\//,
    /^(point|factored-points|body|backoff|clock|log|make-directory|schedule|seldom|tag-text|number-text)\.ts$/,
  ],
  [
    /^sinks\/([^/]+)\//,
    /^(point|factored-points|legal-point|sink|backoff|deadline|clock|log|seldom|sinks\/(ascii-buffer|series-forms))\.ts$/,
  ],
  [/^sinks\/(ascii-buffer|series-forms)\.ts$/, /^(point|factored-points)\.ts$/],
  [/^sinks\//, /^(point|sink|backoff|clock|log|make-directory)\.ts$|^sinks\/opentsdb\/(render|tagged)\.ts$/],
  [/^legal-point\.ts$/, /^point\.ts$/],
  [/^deadline\.ts$/, /^clock\.ts$/],
  [/^factored-points\.ts$/, /^point\.ts$/],
  [/^simulator\//, /^point\.ts$|^clock\.ts$|^simulator\//],
  [/^spool\/former\//, /^(point|clock)\.ts$|^spool\/former\//],
  [/^spool\//, /^(point|factored-points|deliver|clock|bell|log|make-directory|obstacle)\.ts$|^spool\//],
  [
    /^telemetry\//,
    /^(point|factored-points|deliver|sink|clock|log|outlets|reload|access\/access|schedule|seldom|tag-text|number-text)\.ts$|^spool\/|^telemetry\//,
  ],
  [/^status\/page\//, /^status\/(page\/|messages\.ts$)/],
  [/^status\//, /^(point|factored-points|clock|log|schedule)\.ts$|^telemetry\/|^status\/(?!page\/)/],
  [/^admin\//, /^(point|body|clock|log)\.ts$|^spool\/|^admin\//],
  [
    /^(outlet|errand|settlement)\.ts$/,
    /^(spool\/.*|sink|point|backoff|clock|log|in-flight|linger|errand|settlement|outage)(\.ts)?$/,
  ],
  [/^linger\.ts$/, /^clock\.ts$/],
  [/^outage\.ts$/, /^(clock|log|seldom)\.ts$/],
  [
    /^(sink|server|schedule|seldom|health|listening)\.ts$/,
    /^(point|clock|log|seldom|request-id|idle-connections)\.ts$/,
  ],
  [
    /^(point|body|backoff|clock|log|bell|in-flight|make-directory|tag-text|number-text|obstacle|loop|request-id|idle-connections)\.ts$/,
    /^$/,
  ],
  [/^owner\.ts$/, /^(obstacle|make-directory)\.ts$/],
];

export function arrowsOfImport(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) => {
    const rule = arrows.find(([from]) => from.test(path));
    if (rule === undefined) return [`${path}: no arrow of import is set down for it (test/house/rules.ts)`];
    const own = /^(sources|sinks)\/[^/]+\//.exec(path)?.[0];
    return importsOf(path, text)
      .filter((target) => !(own !== undefined && target.startsWith(own)) && !rule[1].test(target))
      .map((target) => `${path}: must not import ${target}`);
  });
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
