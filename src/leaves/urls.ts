// What the library needs of a URL, and no more, so that the types of Node and of the DOM are not needed. Leaf.
import { kindOf, shownText } from './checks.ts';

/** Any `URL`. */
export interface UrlLike {
  /** The whole URL as text. */
  readonly href: string;
}

/** The text of a URL of a file. @throws TypeError, RangeError unless a value is one. */
export function checkFileUrl(value: unknown, name: string): string {
  const href = typeof value === 'object' && value !== null ? (value as Partial<Record<string, unknown>>).href : undefined;
  if (typeof href !== 'string') throw new TypeError(`${name}: expected a URL, got ${kindOf(value)}`);
  if (!href.startsWith('file:')) {
    const scheme = shownText(href.slice(0, href.indexOf(':') + 1));
    throw new RangeError(`${name}: expected a URL that begins with 'file:', got '${scheme}'`);
  }
  return href;
}
