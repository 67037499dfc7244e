// The page: it shows the people and the server, and lets them run a session.
import { runSession, type Person, type Watcher } from './session.ts';

const ROUNDS = ['Keys', 'Shares', 'Masked vectors', 'Consistency', 'Unmasking'];
const PEOPLE = [
  ['Ada', 8400],
  ['Bo', 5200],
  ['Chi', 12_050],
  ['Dee', 300],
  ['Eli', 9900],
  ['Fay', 7100],
] as const;
/** Of a masked vector, as many bytes are shown. */
const SHOWN = 20;

/** The first element that a selector finds, which must be of this class. */
function find<T extends Element>(kind: new () => T, selector: string, within: ParentNode = document): T {
  const element = within.querySelector(selector);
  if (element instanceof kind) return element;
  throw new Error(`the page has no ${selector}`);
}

const numbers = new Intl.NumberFormat('en');

class Card {
  readonly name: string;
  readonly #card: HTMLElement;

  constructor(name: string, steps: number) {
    const content = find(HTMLTemplateElement, '#person').content.cloneNode(true) as DocumentFragment;
    this.name = name;
    this.#card = find(HTMLElement, '.person', content);
    find(HTMLElement, '.name', this.#card).textContent = name;
    find(HTMLInputElement, '.steps', this.#card).value = String(steps);
    find(HTMLElement, '#people').append(content);
  }

  /** What this person brings to a session. */
  person(id: number): Person {
    const leaves = find(HTMLSelectElement, '.leaves', this.#card).value;
    const steps = find(HTMLInputElement, '.steps', this.#card).valueAsNumber;
    return { id, steps, leavesIn: leaves === '' ? null : Number(leaves) };
  }

  show(state: string, kind: 'waiting' | 'in' | 'gone'): void {
    this.#card.className = `person ${kind}`;
    find(HTMLElement, '.state', this.#card).textContent = state;
  }

  showSent(text: string): void {
    find(HTMLElement, '.sent', this.#card).textContent = text;
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

function showRounds(current: number, heard: number): void {
  const items = ROUNDS.map((title, round) => {
    const item = document.createElement('li');
    const name = document.createElement('strong');
    name.textContent = `${round} ${title}`;
    const state = round < current ? 'closed' : round === current ? `${heard} heard` : 'waiting';
    item.append(name, state);
    item.className = round < current ? 'done' : '';
    if (round === current) item.setAttribute('aria-current', 'step');
    return item;
  });
  find(HTMLElement, '#rounds').replaceChildren(...items);
}

function showResult(...lines: readonly (readonly [text: string, className: string])[]): void {
  const paragraphs = lines.map(([text, className]) => {
    const paragraph = document.createElement('p');
    paragraph.textContent = text;
    paragraph.className = className;
    return paragraph;
  });
  find(HTMLElement, '#result').replaceChildren(...paragraphs);
}

/** Shows for how long a timer of the page had to wait at most, until it is stopped. */
function watchPauses(): () => void {
  let last = performance.now();
  let longest = 0;
  const ticker = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    find(HTMLElement, '#pause').textContent = longest.toFixed(0);
  }, 10);
  return () => clearInterval(ticker);
}

const cards = PEOPLE.map(([name, steps]) => new Card(name, steps));

const watcher: Watcher = {
  round: showRounds,
  answered(id, round, bytes) {
    cards[id]?.show(`answered round ${round}`, 'in');
    // The envelope has 43 bytes, and the digest of what the vector was masked for has 32.
    if (round === 2)
      cards[id]?.showSent(`The server sees ${hex(bytes.subarray(75, 75 + SHOWN))} … (${numbers.format(bytes.length)} bytes)`);
  },
  left: (id, round) => cards[id]?.show(`dropped out in round ${round}`, 'gone'),
};

async function run(): Promise<void> {
  const button = find(HTMLButtonElement, '#run');
  button.disabled = true;
  for (const card of cards) {
    card.show('starts', 'waiting');
    card.showSent('The server has seen no vector.');
  }
  showResult(['The session runs.', '']);
  const stop = watchPauses();
  try {
    const length = Number(find(HTMLSelectElement, '#length').value);
    const people = cards.map((card, id) => card.person(id));
    const { sum, included, milliseconds } = await runSession(people, length, watcher);
    const names = included.map((id) => cards[id]?.name ?? '').join(', ');
    showRounds(ROUNDS.length, 0);
    const time = `${numbers.format(length)} components in ${(milliseconds / 1000).toFixed(1)} s.`;
    showResult([`${numbers.format(sum)} steps`, 'sum'], [`The sum of ${names}. ${time}`, '']);
  } catch (error) {
    showResult([error instanceof Error ? error.message : String(error), 'failed']);
  } finally {
    stop();
    button.disabled = false;
  }
}

showRounds(-1, 0);
find(HTMLElement, '#settings').addEventListener('submit', (event) => {
  event.preventDefault();
  void run();
});
