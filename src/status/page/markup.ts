// Finds and makes elements. Texts are set as text, never as HTML: they contain input from senders.

type Attributes = Readonly<Record<string, string>>;
type Child = Node | string;

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  return filled(document.createElement(name), attributes, children);
}

export function svgElement(name: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

function filled<Made extends Element>(made: Made, attributes: Attributes, children: readonly Child[]): Made {
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/** An element of page.html. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}

export function selectById(id: string): HTMLSelectElement {
  return byId(id) as HTMLSelectElement;
}

/** A term and its description, for a `dl`. */
export function fact(term: string, ...description: readonly Child[]): HTMLElement[] {
  return [element('dt', {}, term), element('dd', {}, ...description)];
}

export function cell(content: Child, kind: 'text' | 'number' = 'text'): HTMLTableCellElement {
  return element('td', kind === 'number' ? { class: 'number' } : {}, content);
}

export function numberCells(...texts: readonly string[]): HTMLTableCellElement[] {
  return texts.map((text) => cell(text, 'number'));
}

/** The text in the style of a problem. */
export function bad(text: string): HTMLElement {
  return element('span', { class: 'bad' }, text);
}

/** Leaves an equal text alone, so that screen readers do not repeat it. */
export function setText(where: Element, text: string): void {
  if (where.textContent !== text) where.textContent = text;
}
