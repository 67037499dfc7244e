// JSON texts that name a member of an object twice. `JSON.parse` keeps the last one, other parsers the first. Leaf.

/** Whether a text has more members than the value that `JSON.parse` made of it, so that some object names one twice. */
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
