// The section of a document that is generated from figures, between two marks.
import { blocks } from './markdown.ts';

const BEGIN = '<!-- made by `npm run bench:record` -->';
const END = '<!-- end of what is made -->';

/** The document with another section in its place. @throws if the document has no place for one. */
export function withSection(document: string, section: string): string {
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (from === -1 || to < from) throw new Error(`expected ${BEGIN} and after it ${END}`);
  return document.slice(0, from) + blocks(BEGIN, section, '') + '\n\n' + document.slice(to);
}
