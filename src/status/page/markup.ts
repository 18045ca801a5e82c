// Makes and finds elements; texts are only ever set as text.

type Attributes = Readonly<Record<string, string>>;
type Child = Node | string;

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

export function drawing(name: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/** An element of page.html. */
export function byId<Wanted extends Element = HTMLElement>(id: string): Wanted {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found as unknown as Wanted;
}

/** A term and what is said of it, as a list of both takes them. */
export function fact(term: string, ...said: readonly Child[]): HTMLElement[] {
  return [element('dt', {}, term), element('dd', {}, ...said)];
}

/** A cell of a table; numbers stand to the right. */
export function cell(content: Child, kind: 'text' | 'number' = 'text'): HTMLTableCellElement {
  return element('td', kind === 'number' ? { class: 'number' } : {}, content);
}

/** Sets a text, and leaves alone what says it already, so that nothing is read out twice. */
export function say(where: Element, text: string): void {
  if (where.textContent !== text) where.textContent = text;
}
