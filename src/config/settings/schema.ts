// The JSON Schema of a configuration file, for editors and for whoever makes such files by program.

import { groups, type Setting } from './kinds.ts';
import { defaultWordsOf, nameOf } from './names.ts';
import { settingEntries } from './settings.ts';
import type { Form } from './values.ts';

/** What a value may be where its setting says no more. */
const anyText: Form = { type: ['string', 'number'], pattern: '\\S' };

/**
 * The schema (draft 2020-12) of a configuration file. It takes no file with an unknown key or a value of a wrong type; what
 * no schema can tell, such as a key without its secret, only `check` does.
 */
export function configSchema(): object {
  const inFile = groups.flatMap((group) =>
    settingEntries.filter(([, setting]) => setting.group === group && setting.isNotInFile !== true),
  );
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:catchpoint-opentsdb-bridge:configuration',
    title: 'Configuration of catchpoint-opentsdb-bridge',
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(inFile.map(([key, setting]) => [nameOf(key), property(setting)])),
  };
}

function property(setting: Setting<unknown>): object {
  const { group, help, isSecret } = setting;
  const words = defaultWordsOf(setting);
  const description = `${group}: ${help}${words === undefined ? '' : ` (default: ${words})`}`;
  const form = setting.form ?? anyText;
  const shape = setting.kind === 'list' ? { anyOf: severalOf(form, setting) } : form;
  return { description, ...(isSecret === true && { writeOnly: true }), ...shape };
}

/** A list, one of what could stand in it, or one text with all; where each is a line, also maps such as `Name: value`. */
function severalOf(form: Form, { separator, default: byDefault }: Setting<unknown>): object[] {
  const atLeast = byDefault === undefined ? {} : { minItems: 1 };
  const text = { type: 'string', pattern: '\\S' };
  if (separator === ',') return [{ type: 'array', ...atLeast, items: form }, form, text];
  const map = { type: 'object', additionalProperties: anyText };
  return [{ type: 'array', ...atLeast, items: { anyOf: [form, map] } }, form, map];
}
