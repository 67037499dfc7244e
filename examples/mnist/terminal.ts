// Text that fits a terminal.

/** Breaks lines between words. What goes on below a label, such as "cost     one participant …", is indented as far as the first line. */
export function wrapped(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => (line.length <= width ? line : wrappedLine(line, width)))
    .join('\n');
}

function wrappedLine(line: string, width: number): string {
  const head = /^ *(?:\S+(?: \S+)* {2,})?/.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let last = head;
  for (const word of line.slice(head.length).split(' ')) {
    if (last.length > head.length && last.length + word.length > width) {
      lines.push(last.trimEnd());
      last = ' '.repeat(head.length);
    }
    last += `${word} `;
  }
  return [...lines, last.trimEnd()].join('\n');
}
