// Parsers of option arguments that several commands take.

import { InvalidArgumentError } from 'commander';
import { expected } from '../config/settings/values.ts';

/** Makes commander report the errors of `parse` as wrong usage. */
export function argumentParser<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}

export const positiveNumber = argumentParser((text) => {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number) || number <= 0) throw expected('a number above 0', text);
  return number;
});

/** @param example - an URL for the error message */
export function httpUrl(example = 'http://bridge.example:8080/'): (text: string) => string {
  return argumentParser((text) => {
    if (!/^https?:\/\/./.test(text) || !URL.canParse(text)) throw expected(`a URL such as ${example}`, text);
    return text;
  });
}
