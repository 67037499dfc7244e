// The part of a document that is made from figures, between two marks.
import { blocks } from './markdown.ts';

const BEGIN = '<!-- made by `npm run bench:record` -->';
const END = '<!-- end of what is made -->';

/** @throws where the document has no place for it. */
export function withMade(document: string, made: string): string {
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (from === -1 || to < from) throw new Error(`expected ${BEGIN} and after it ${END}`);
  return document.slice(0, from) + blocks(BEGIN, made, '') + '\n\n' + document.slice(to);
}
