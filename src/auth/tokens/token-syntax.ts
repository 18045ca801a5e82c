// The syntax of push tokens, for settings, token files and rotation.

const minLength = 16;
const maxLength = 512;

/**
 * Trims and validates a token: 16 to 512 printable ASCII characters without spaces and commas.
 *
 * @throws an Error that does not quote the text
 */
export function tokenText(text: string): string {
  const token = text.trim();
  const expected = `expected a token of ${minLength} to ${maxLength} characters, such as \`openssl rand -hex 16\` makes`;
  if (token.length < minLength || token.length > maxLength) throw new Error(`${expected}, found ${token.length}`);
  if (!/^[!-+\--~]+$/.test(token))
    throw new Error(`${expected}, found one with spaces, commas or characters beyond ASCII`);
  return token;
}

/**
 * The tokens of a file, one a line. Blank lines and lines that begin with `#` are ignored.
 *
 * @throws an Error that names the line
 */
export function tokensOfFile(text: string): string[] {
  const tokens = text.split('\n').flatMap((line, at) => {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) return [];
    try {
      return [tokenText(content)];
    } catch (error) {
      throw new Error(`line ${at + 1}: ${(error as Error).message}`, { cause: error });
    }
  });
  if (tokens.length === 0) throw new Error('expected a token a line, found none');
  return tokens;
}
