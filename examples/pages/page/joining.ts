// The form: digits, limits, consent.
import { PIXELS, type LabelledImage } from '../digits.ts';
import { budgetOf } from '../terms.ts';
import type { ServiceView } from '../watching.ts';
import type { Decisions, Offer } from './membership.ts';
import { Pad, showImage } from './pad.ts';
import { isAllOver } from './part.ts';
import type { Texts } from './texts.ts';
import { element, find, put, type Words } from './words.ts';

export class Joining {
  readonly #form = find(HTMLFormElement, '#joining');
  readonly #pad = new Pad();
  #offer: Offer;
  readonly #words: Words;
  #digits: readonly LabelledImage[] = [];
  #shown: { readonly digits: readonly LabelledImage[]; readonly texts: Texts } | null = null;
  #view: ServiceView | null = null;

  /** @param decided is called with what the person has decided. */
  constructor(offer: Offer, words: Words, decided: (decisions: Decisions) => Promise<void>) {
    this.#offer = offer;
    this.#words = words;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      const decisions = this.#decisions();
      if (decisions === null) return;
      const button = find(HTMLButtonElement, '[type=submit]', this.#form);
      button.disabled = true;
      void decided(decisions)
        .then(() => (find(HTMLInputElement, '#consent').checked = false)) // whoever begins again consents again
        .catch((error: unknown) => {
          console.error(error);
          this.#complain('#consent', this.#words.texts.cannotJoin);
        })
        .finally(() => (button.disabled = false));
    });
    find(HTMLButtonElement, '#add').addEventListener('click', () => this.#add());
    find(HTMLButtonElement, '#clear').addEventListener('click', () => this.#pad.clear());
    this.#form.addEventListener('change', () => {
      find(HTMLElement, '#drawing').hidden = this.#source !== 'drawn';
      this.#calm();
    });
  }

  get #source(): string {
    return find(HTMLInputElement, '[name=source]:checked').value;
  }

  show(isShown: boolean): void {
    this.#form.hidden = !isShown;
    find(HTMLElement, '#over').hidden = !isShown || this.#view === null || !isAllOver(this.#view);
  }

  /** Another task is offered, to which nobody has consented. @param digits that the person had drawn before. */
  askAgain(offer: Offer, digits: readonly LabelledImage[]): void {
    this.#offer = offer;
    if (this.#digits.length === 0) this.#digits = digits;
    find(HTMLInputElement, '#consent').checked = false;
    this.#calm();
  }

  /** The person has left: nothing stays of what was drawn. */
  forget(): void {
    this.#digits = [];
    this.#pad.clear();
    this.#calm();
  }

  /** Puts in what depends on the service, in the present language. */
  fill(view: ServiceView | null): void {
    this.#view = view ?? this.#view;
    const { texts } = this.#words;
    const budget = budgetOf(this.#offer.task.definition);
    put('#over', texts.phase.over);
    put('#digest', this.#offer.task.id);
    put('#fails', texts.consentFailsText(this.#view?.companions ?? 0));
    put(
      '#cost',
      budget === null
        ? texts.consentCostExact
        : texts.consentCostNoise(this.#words.small(budget.epsilon), this.#words.small(budget.delta)),
    );
    this.#offerSums(this.#view?.planned ?? 1);
    this.#showDigits();
  }

  #offerSums(planned: number): void {
    const choice = find(HTMLSelectElement, '#most-sums');
    const offers = [...new Set([1, Math.ceil(planned / 3), planned])].map(String);
    if (offers.join() === [...choice.options].map(({ value }) => value).join()) return;
    choice.replaceChildren(...offers.map((offer) => new Option(offer, offer)));
    choice.value = String(planned);
  }

  #add(): void {
    const pixels = this.#pad.image();
    this.#calm();
    if (pixels === null) {
      this.#complain('#pad', this.#words.texts.emptyPad);
      return;
    }
    const choice = find(HTMLSelectElement, '#digit');
    this.#digits = [...this.#digits, { label: choice.selectedIndex, pixels }];
    this.#pad.clear();
    choice.selectedIndex = (choice.selectedIndex + 1) % choice.options.length;
    this.#showDigits();
  }

  #showDigits(): void {
    const { texts } = this.#words;
    const shown = { digits: this.#digits, texts };
    // Not with each news of the service: a button that has the focus would lose it.
    if (shown.digits === this.#shown?.digits && shown.texts === this.#shown.texts) return;
    this.#shown = shown;
    put('#drawn', texts.drawn(this.#digits.length));
    const items = this.#digits.map((digit) => {
      const item = element('li');
      const button = element('button', '', 'thumbnail');
      button.type = 'button';
      button.setAttribute('aria-label', texts.removeDigit(digit.label));
      const canvas = element('canvas');
      canvas.width = canvas.height = Math.sqrt(PIXELS) * 4;
      button.append(canvas, element('span', String(digit.label)));
      button.addEventListener('click', () => {
        this.#digits = this.#digits.filter((each) => each !== digit);
        this.#showDigits();
        find(HTMLElement, '#pad').focus();
      });
      item.append(button);
      return item;
    });
    const list = find(HTMLElement, '#digits');
    list.replaceChildren(...items);
    [...list.querySelectorAll('canvas')].forEach((canvas, i) => {
      const values = Float32Array.from(this.#digits[i]?.pixels ?? [], (value) => value / 255);
      showImage(canvas, values, 'black');
    });
  }

  /** Says what is missing beside the control that it is about, and goes there. */
  #complain(control: '#pad' | '#consent', text: string): void {
    put(`${control}-problem`, text);
    find(HTMLElement, control).focus();
    find(HTMLElement, `${control}-problem`).scrollIntoView({ block: 'nearest' });
  }

  #calm(): void {
    for (const control of ['#pad', '#consent']) put(`${control}-problem`, '');
  }

  /** Null if something is missing, which the page then says. */
  #decisions(): Decisions | null {
    this.#calm();
    const { texts } = this.#words;
    const digits = this.#source === 'drawn' ? this.#digits : null;
    if (digits?.length === 0) {
      this.#complain('#pad', texts.needDigits);
      return null;
    }
    if (!find(HTMLInputElement, '#consent').checked) {
      this.#complain('#consent', texts.needConsent);
      return null;
    }
    const numberOf = (selector: string): number => Number(find(HTMLSelectElement, selector).value);
    return { consent: this.#offer.task.id, mostSums: numberOf('#most-sums'), pause: numberOf('#pause'), digits };
  }
}
