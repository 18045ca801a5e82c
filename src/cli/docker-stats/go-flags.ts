// Rewrites flags in the syntax of Go's package flag, such as `-poll 5m` and `-verbose=true`, to those of this program.

import { WrongConfiguration } from '../../config/config.ts';

/** The flags of a command by name. A switch takes no argument but `=true` and `=false`. */
export type GoFlags = ReadonlyMap<string, 'value' | 'switch'>;

/** The words that Go's strconv.ParseBool takes for false. */
const falseWords = /^(0|f|F|false|FALSE|False)$/;
const trueWords = /^(1|t|T|true|TRUE|True)$/;

/**
 * Go's syntax: one dash or two, `-name=text` and `-name text`; flags end at `--` and at the first other word.
 * Flags that are not known stay as they are.
 *
 * @param argv - the command's name and its arguments
 * @throws WrongConfiguration - a switch has another text than those of ParseBool
 */
export function fromGoFlags([name = '', ...argv]: readonly string[], flags: GoFlags): string[] {
  const words = [name];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] as string;
    const [, flag = '', text] = /^--?([a-z][a-z-]*)(?:=(.*))?$/s.exec(word) ?? [];
    const kind = flag === 'help' ? 'switch' : flags.get(flag);
    if (!word.startsWith('-') || word === '--') return [...words, ...argv.slice(at)];
    if (kind === undefined) words.push(word);
    else if (kind === 'switch') words.push(...switchWords(flag, text));
    else if (text === undefined && at + 1 < argv.length) words.push(`--${flag}=${argv[(at += 1)]}`);
    else words.push(text === undefined ? `--${flag}` : `--${flag}=${text}`);
  }
  return words;
}

function switchWords(flag: string, text: string | undefined): string[] {
  if (text === undefined || trueWords.test(text)) return [`--${flag}`];
  if (falseWords.test(text)) return [];
  const fault = `--${flag}: expected true or false, found ${JSON.stringify(text)}`;
  throw new WrongConfiguration([{ text: fault, exitCode: 64 }]);
}
