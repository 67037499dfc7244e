// What errors show of a text that the caller gave: on one line, cut, and nothing that hides what stands beside it.
import { expect } from 'chai';
import { ServerWrapper } from '../../src/index.ts';
import { combine, sum } from '../../src/encoding/index.ts';
import { checkNames, checkOneOf, shownText } from '../../src/leaves/checks.ts';
import { checkFileUrl } from '../../src/leaves/urls.ts';

/** Line breaks, a terminal's escape, an order from right to left, what has no width, half of a pair, the mark at the start of a file. */
const STRANGE = 'a\n\r\u2028\u2029\u0000\u001b[31m\u202e\u200b\ud83d\ufeffz';
const LONG = 'x'.repeat(100_000);
const DATA = { maxUsers: 3, length: 1, min: 0, max: 1 } as const;

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).to.be.instanceOf(Error);
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

describe('a text of the caller in an error', () => {
  it('is shown as it is if it is short and prints', () => {
    for (const text of ['', 'bits', 'Gewicht für Straße', '重み', '😀', 'x'.repeat(60), '<b>\\"\''])
      expect(shownText(text)).to.equal(text);
  });

  it('is cut after 60 characters', () => {
    expect(shownText('x'.repeat(61))).to.equal(`${'x'.repeat(60)}…`);
    expect(shownText(LONG)).to.equal(`${'x'.repeat(60)}…`);
  });

  it('shows what does not print as its number', () => {
    const shown = 'a\\u{a}\\u{d}\\u{2028}\\u{2029}\\u{0}\\u{1b}[31m\\u{202e}\\u{200b}\\u{d83d}\\u{feff}z';
    expect(shownText(STRANGE)).to.equal(shown);
  });

  for (const [what, refusedWith] of [
    ['the name of an option', (text: string) => checkNames({ [text]: 1 }, 'options', ['bits'])],
    ['one of several words', (text: string) => checkOneOf(text, 'options.adversary', ['malicious'])],
    ['the graph of a session', (text: string) => new ServerWrapper(2, 1, { graph: text as never })],
    ['the scheme of a URL', (text: string) => checkFileUrl({ href: `${text}:` }, 'worker')],
    ['a name that is not in a plan', (text: string) => combine({ data: sum(DATA) }).encode({ [text]: [1] } as never)],
    ['the name of an encoding', (text: string) => combine({ [text]: 1 } as never)],
    [
      'the name of an encoding beside another',
      (text: string) => combine({ [text]: sum(DATA), data: sum({ ...DATA, maxUsers: 4 }) }),
    ],
    ['the name of a tensor', (text: string) => sum({ maxUsers: 3, min: 0, max: 1, shapes: { [text]: {} } } as never)],
    [
      'the name of a tensor without data',
      (text: string) => sum({ maxUsers: 3, min: 0, max: 1, shapes: { [text]: [1] } } as never).encode({} as never),
    ],
    ['the name of a class', (text: string) => checkNames(instanceOf(text), 'options', [])],
  ] as const) {
    it(`is cut and printable in the error about ${what}`, () => {
      for (const text of [STRANGE, LONG]) {
        const message = messageOf(() => refusedWith(text));
        expect(message).to.include(shownText(text).slice(0, 50));
        expect(message.length).to.be.lessThan(600);
        // oxlint-disable-next-line no-control-regex -- these must not be there
        expect(message).not.to.match(/[\u0000-\u001f\u200b\u2028-\u202e\ufeff]/);
      }
    });
  }

  it('is shown of the caller’s own names alone: what the plan has beside them is not listed', () => {
    const both = combine({ secret: sum(DATA), count: sum(DATA) });
    const message = messageOf(() => both.encode({ secret: [1], count: [1], other: [1] } as never));
    expect(message).to.equal('data.other: not in the plan');
  });

  it('is no name of a class that has a static name of another type', () => {
    const instance = instanceOf(Symbol('no text'));
    expect(() => checkNames(instance, 'options', [])).to.throw(TypeError, 'options: expected a plain object');
  });

  it('is not compared with the known names if it is long: that would take seconds', () => {
    const known = ['adversary', 'colluders', 'maxUsers', 'bits', 'vecLen'];
    const started = performance.now();
    messageOf(() => checkNames({ [LONG]: 1 }, 'options', known));
    expect(performance.now() - started).to.be.lessThan(50);
  });
});

/** An instance of a class whose static `name` is this. */
function instanceOf(name: unknown): object {
  const Made = function (): void {
    // It makes plain instances.
  };
  Object.defineProperty(Made, 'name', { value: name });
  return Reflect.construct(Made, []) as object;
}
