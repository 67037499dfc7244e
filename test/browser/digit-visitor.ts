// What a person does and sees on a page of examples/pages.
import axe from 'axe-core';
import { setTimeout } from 'node:timers/promises';
import type { DrivenTab } from './web-driver.ts';

const PATIENCE_MILLISECONDS = 90_000;

export async function until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const end = performance.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await setTimeout(50);
  }
}

export function textOf(tab: DrivenTab, selector: string): Promise<string> {
  return tab.evaluate(`Promise.resolve(document.querySelector(${JSON.stringify(selector)})?.textContent ?? '')`);
}

export function says(tab: DrivenTab, selector: string, what: RegExp): Promise<string> {
  return until(`${selector} says ${String(what)}`, async () => {
    const text = await textOf(tab, selector);
    return what.test(text) ? text : null;
  });
}

/** The id of the element that has the focus. */
export function focusOf(tab: DrivenTab): Promise<string> {
  return tab.evaluate('Promise.resolve(document.activeElement.id)');
}

/** The id of the participant that the browser has stored. */
export function storedParticipant(tab: DrivenTab): Promise<number | null> {
  return tab.evaluate(`Promise.resolve(JSON.parse(localStorage.getItem('participant') ?? 'null')?.id ?? null)`);
}

/** A person fills the form in: sample images, so many runs, consent. @returns the participant's id. */
export async function fillIn(tab: DrivenTab, mostRuns: number): Promise<number> {
  await says(tab, '#digest', /^[0-9a-f]{64}$/);
  await until('the choice of runs', async () =>
    (await tab.evaluate<boolean>(`Promise.resolve([...document.querySelector('#most-sums').options].length > 1)`)) ? true : null,
  );
  await tab.evaluate(`(async () => {
    document.querySelector('[value=samples]').click();
    document.querySelector('#most-sums').value = '${mostRuns}';
    document.querySelector('#consent').checked = true;
    document.querySelector('[type=submit]').click();
  })()`);
  return until('the participant', () => storedParticipant(tab));
}

/** What axe finds wrong with a page, in light and in dark. */
export async function violations(tab: DrivenTab): Promise<string[]> {
  return tab.evaluate(`(async () => {
    ${axe.source}
    const found = [];
    for (const scheme of ['light', 'dark']) {
      document.documentElement.style.colorScheme = scheme;
      const { violations } = await axe.run();
      found.push(...violations.map(({ id, nodes }) => scheme + ' ' + id + ': ' + nodes.map(({ html }) => html).join(' ')));
    }
    return found;
  })()`);
}
