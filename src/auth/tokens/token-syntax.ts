// What a push token looks like, wherever it comes from: a setting, a line of a file, or Catchpoint.

const shortest = 16;
const longest = 512;

/**
 * A token: 16 to 512 printable ASCII characters without a space or a comma.
 *
 * @throws an Error that says what was found without quoting it
 */
export function tokenText(text: string): string {
  const token = text.trim();
  const wanted = `expected a token of ${shortest} to ${longest} characters, such as \`openssl rand -hex 16\` makes`;
  if (token.length < shortest || token.length > longest) throw new Error(`${wanted}, found ${token.length}`);
  if (!/^[!-+\--~]+$/.test(token))
    throw new Error(`${wanted}, found one with spaces, commas or characters beyond ASCII`);
  return token;
}

/**
 * The tokens of a file, one a line; blank lines and those that begin with `#` do not count.
 *
 * @throws an Error that names the line
 */
export function tokensOfFile(text: string): string[] {
  const tokens = text.split('\n').flatMap((line, at) => {
    const words = line.trim();
    if (words === '' || words.startsWith('#')) return [];
    try {
      return [tokenText(words)];
    } catch (error) {
      throw new Error(`line ${at + 1}: ${(error as Error).message}`, { cause: error });
    }
  });
  if (tokens.length === 0) throw new Error('expected a token a line, found none');
  return tokens;
}
