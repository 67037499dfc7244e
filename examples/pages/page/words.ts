// Elements of a page, and the words in them.
import { LANGUAGES, type Language, type Texts } from './texts.ts';

/** The first element that a selector finds, which must be of this class. */
export function find<T extends Element>(kind: new () => T, selector: string, within: ParentNode = document): T {
  const element = within.querySelector(selector);
  if (element instanceof kind) return element;
  throw new Error(`the page has no ${selector}`);
}

/** Changes the text of an element only if it is another one, so that screen readers say nothing twice. */
export function put(selector: string, text: string): void {
  const shown = find(HTMLElement, selector);
  if (shown.textContent !== text) shown.textContent = text;
}

/** An element with some text. */
export function element<K extends keyof HTMLElementTagNameMap>(name: K, text = '', className = ''): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.textContent = text;
  if (className !== '') made.className = className;
  return made;
}

/** Names of texts that need nothing else. */
type Word = { readonly [K in keyof Texts]: Texts[K] extends string ? K : never }[keyof Texts];

function isLanguage(name: string | undefined): name is Language {
  return name !== undefined && Object.hasOwn(LANGUAGES, name);
}

/** The words of the chosen language; else of the browser's, if they are there. */
export class Words {
  #language: Language;

  /** @param title names the text that is the page's title. @param changed is called when another language is chosen. */
  constructor(title: Word, changed: () => void) {
    const wanted = [localStorage.getItem('language') ?? '', ...navigator.languages].map((each) => each.slice(0, 2));
    this.#language = wanted.find(isLanguage) ?? 'en';
    const choice = find(HTMLSelectElement, '#language');
    choice.value = this.#language;
    choice.addEventListener('change', () => {
      if (!isLanguage(choice.value)) return;
      this.#language = choice.value;
      localStorage.setItem('language', this.#language);
      this.#fill(title);
      changed();
    });
    this.#fill(title);
  }

  get texts(): Texts {
    return LANGUAGES[this.#language];
  }

  /** Puts the words in that the HTML names. */
  #fill(title: Word): void {
    document.documentElement.lang = this.#language;
    document.title = `${this.texts[title]} – secagg`;
    for (const each of document.querySelectorAll<HTMLElement>('[data-text]'))
      each.textContent = this.texts[each.dataset.text as Word];
    for (const each of document.querySelectorAll<HTMLElement>('[data-label]')) {
      each.setAttribute('aria-label', this.texts[each.dataset.label as Word]);
    }
  }

  number(value: number, digits = 0): string {
    return new Intl.NumberFormat(this.#language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
  }

  /** With so many digits that count, for small numbers. */
  small(value: number): string {
    return new Intl.NumberFormat(this.#language, { maximumSignificantDigits: 2 }).format(value);
  }

  percent(share: number, digits = 1): string {
    const format = { style: 'percent', maximumFractionDigits: digits, minimumFractionDigits: digits } as const;
    return new Intl.NumberFormat(this.#language, format).format(share);
  }
}
