// The JSON Schema of the configuration file, for editors and for programs that write such files.

import { groups, type Setting } from './setting.ts';
import { defaultTextOf, nameOf } from './names.ts';
import { settingEntries } from './settings.ts';
import type { Form } from './values.ts';

/** The form of a setting that does not define one. */
const anyText: Form = { type: ['string', 'number'], pattern: '\\S' };

/**
 * Draft 2020-12. The schema refuses unknown keys and wrong types. Only `check` finds what a schema cannot express, such
 * as a key without its secret.
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
  const defaultText = defaultTextOf(setting);
  const description = `${group}: ${help}${defaultText === undefined ? '' : ` (default: ${defaultText})`}`;
  const form = setting.form ?? anyText;
  const shape = setting.kind === 'list' ? { anyOf: severalOf(form, setting) } : form;
  return { description, ...(isSecret === true && { writeOnly: true }), ...shape };
}

/** A list, a single item, or all items in one text. With one item per line also maps such as `Name: value`. */
function severalOf(form: Form, { separator, default: defaultText }: Setting<unknown>): object[] {
  const atLeast = defaultText === undefined ? {} : { minItems: 1 };
  const text = { type: 'string', pattern: '\\S' };
  if (separator === ',') return [{ type: 'array', ...atLeast, items: form }, form, text];
  const map = { type: 'object', additionalProperties: anyText };
  return [{ type: 'array', ...atLeast, items: { anyOf: [form, map] } }, form, map];
}
