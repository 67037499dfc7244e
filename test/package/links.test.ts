// Links in the documents of the packed package: each leads to a file that is packed too, and to a heading that is there.
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { packedFiles } from './packed.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A document without its code, in which brackets are no links. */
function prose(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]*`/g, '');
}

/** Targets of the links and images, in Markdown and in HTML, except those with a scheme. */
function relativeLinks(text: string): string[] {
  const links = [...prose(text).matchAll(/\]\(([^)\s]+)[^)]*\)|(?:href|src)="([^"]+)"/g)];
  return links.map(([, markdown, html]) => markdown ?? html ?? '').filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that GitHub and TypeDoc give to the headings of a document. */
function anchors(text: string): Set<string> {
  const found = new Map<string, number>();
  const headings = text.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#+ (.*)$/gm);
  const ids = [...headings].map(([, heading = '']) => {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const id = plain
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    const times = found.get(id) ?? 0;
    found.set(id, times + 1);
    return times === 0 ? id : `${id}-${times}`;
  });
  return new Set(ids);
}

describe('links in the packed documents', () => {
  const files = packedFiles();
  const read = (path: string): string => readFileSync(ROOT + path, 'utf8');

  for (const document of files.filter((file) => file.endsWith('.md'))) {
    it(`each link in ${document} leads to a packed file, and to a heading in it`, () => {
      const broken = relativeLinks(read(document)).filter((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? document : posix.join(posix.dirname(document), path);
        if (!files.includes(target)) return true;
        return anchor !== undefined && !anchors(read(target)).has(anchor);
      });
      expect(broken).to.deep.equal([]);
    });
  }
});
