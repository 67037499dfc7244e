// JSON as text. Long strings, which are base64, are put in and taken out without being looked at, because for 16 MB of bytes
// `JSON.stringify` or `JSON.parse` alone stops a page for 50 ms. Leaf.

/** Characters of a long string at least. The others are left to the engine. */
export const LONG_STRING = 65_536;
/** Stands for a long string, with its number. It begins with a control character, which no field of a state does. */
const MARK = '\u0000long ';

/** The JSON of an object. Its long strings, but those in lists, must be text without escapes. */
export function jsonOf(value: object): string {
  const long: string[] = [];
  const marked = JSON.stringify(withoutLong(value, long));
  const pieces = marked.split(MARKED);
  // A piece, the number of a mark, a piece and so on. If another string looks like a mark, there are more.
  if (pieces.length !== 2 * long.length + 1) return JSON.stringify(value);
  return pieces.map((piece, i) => (i % 2 === 0 ? piece : `"${long[Number(piece)] ?? ''}"`)).reduce((text, piece) => text + piece);
}

const MARKED = /"\\u0000long (\d+)"/;

/** A copy with a mark for each long string, which is added to `long`. */
function withoutLong(value: object, long: string[]): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]: [string, unknown]) => {
      if (typeof member === 'string' && member.length >= LONG_STRING) {
        return [name, MARK + String(long.push(member) - 1)];
      }
      return [name, isRecord(member) ? withoutLong(member, long) : member];
    }),
  );
}

/**
 * What `JSON.parse` gives. What is long and between quotes is a string as it stands: that it has no characters which JSON does not allow
 * there, whoever takes it must check.
 *
 * @throws SyntaxError if the text is no JSON, and if an object names a member twice.
 */
export function valueOfJson(text: string): unknown {
  const long: string[] = [];
  const marked = textWithoutLong(text, long);
  const read = { value: JSON.parse(marked) as unknown };
  if (repeatsMembers(marked, read.value)) throw new SyntaxError('an object names a member twice');
  const restored: number[] = [];
  if (long.length > 0) restoreLong(read, long, restored);
  // If not each mark is found once, another string looks like one, or a long string is the name of a member.
  const isWhole = restored.length === long.length && new Set(restored).size === long.length;
  return isWhole ? read.value : JSON.parse(text);
}

/** A text with a mark for each long string in it, which is added to `long`. */
function textWithoutLong(text: string, long: string[]): string {
  let marked = '';
  let from = 0;
  for (let open = text.indexOf('"'); open !== -1;) {
    const close = endOfString(text, open);
    if (close === -1) break; // no JSON
    if (close - open > LONG_STRING) {
      const content = text.slice(open + 1, close);
      if (!content.includes('\\')) {
        marked += text.slice(from, open) + JSON.stringify(MARK + String(long.push(content) - 1));
        from = close + 1;
      }
    }
    open = text.indexOf('"', close + 1);
  }
  return from === 0 ? text : marked + text.slice(from);
}

/** Puts long strings in the places of their marks, in lists too. @param restored is filled with the numbers of these marks. */
function restoreLong(value: object, long: readonly string[], restored: number[]): void {
  for (const [name, member] of Object.entries(value) as [string, unknown][]) {
    const number = typeof member === 'string' && member.startsWith(MARK) ? Number(member.slice(MARK.length)) : NaN;
    const content = long[number];
    if (content !== undefined) {
      (value as Record<string, unknown>)[name] = content;
      restored.push(number);
    } else if (typeof member === 'object' && member !== null) {
      restoreLong(member, long, restored);
    }
  }
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Whether a text has more members than the value that `JSON.parse` made of it, so that some object names one twice. `JSON.parse` keeps the last one,
 * other parsers the first.
 */
export function repeatsMembers(text: string, value: unknown): boolean {
  return membersInText(text) !== membersInValue(value);
}

/** Colons outside of strings: each belongs to one member of an object. */
function membersInText(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length;) {
    const open = text.indexOf('"', at);
    const end = open === -1 ? text.length : open;
    for (let colon = text.indexOf(':', at); colon !== -1 && colon < end; colon = text.indexOf(':', colon + 1)) count++;
    if (open === -1) break;
    at = endOfString(text, open) + 1;
  }
  return count;
}

function endOfString(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  while (isEscaped(text, close)) close = text.indexOf('"', close + 1);
  return close;
}

/** Whether an odd number of backslashes stands before a character. */
function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}

/** Without recursion: `JSON.parse` takes texts that are nested more deeply than functions can call each other. */
function membersInValue(value: unknown): number {
  let count = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    const values = Object.values(next) as unknown[];
    if (!Array.isArray(next)) count += values.length;
    for (const each of values) if (typeof each === 'object') open.push(each);
  }
  return count;
}
