// The pages of examples/pages in a browser: visitors with a database each, one of which is closed in round 2 and opened again.
import axe from 'axe-core';
import { expect } from 'chai';
import { mkdtempSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ServedDigits } from './digit-service.ts';
import { removeProfile, type DrivenBrowser, type DrivenTab } from './web-driver.ts';

const COMPANIONS = 6;
const PATIENCE_MILLISECONDS = 90_000;

/** Each origin has a storage of its own. The last one is as for a phone: no secure context, so neither WebCrypto nor Web Locks. */
const ADDRESS = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
const HOSTS = ['127.0.0.1', '127.0.0.2', ADDRESS ?? '127.0.0.3'];

async function until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const end = performance.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await setTimeout(50);
  }
}

const textOf = (tab: DrivenTab, selector: string): Promise<string> =>
  tab.evaluate(`Promise.resolve(document.querySelector(${JSON.stringify(selector)})?.textContent ?? '')`);

const says = (tab: DrivenTab, selector: string, what: RegExp): Promise<string> =>
  until(`${selector} says ${String(what)}`, async () => {
    const text = await textOf(tab, selector);
    return what.test(text) ? text : null;
  });

/** What axe finds wrong with a page, in light and in dark. */
async function violations(tab: DrivenTab): Promise<string[]> {
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

/** A person fills the form in: sample images, so many sums, consent. @returns the participant's id. */
async function fillIn(tab: DrivenTab, mostSums: number): Promise<number> {
  await says(tab, '#digest', /^[0-9a-f]{64}$/);
  await until('the choice of sums', async () =>
    (await tab.evaluate<boolean>(`Promise.resolve([...document.querySelector('#most-sums').options].length > 1)`)) ? true : null,
  );
  await tab.evaluate(`(async () => {
    document.querySelector('[value=samples]').click();
    document.querySelector('#most-sums').value = '${mostSums}';
    document.querySelector('#consent').checked = true;
    document.querySelector('[type=submit]').click();
  })()`);
  return until('the participant', () =>
    tab.evaluate<number | null>(`Promise.resolve(JSON.parse(localStorage.getItem('participant') ?? 'null')?.id ?? null)`),
  );
}

/** A person leaves, and the browser has forgotten the participant at once. */
async function leave(tab: DrivenTab): Promise<void> {
  await tab.show();
  const stored = await tab.evaluate(
    `(async () => (document.querySelector('#leave').click(), localStorage.getItem('participant')))()`,
  );
  expect(stored).to.equal(null);
  await says(tab, '#phase', /You have left/);
}

/** @param start starts the browser with a profile. @param whySkipped says what is missing. */
export function describePages(start: (profile: string) => Promise<DrivenBrowser>, whySkipped: () => string | null): void {
  let profile = '';
  let served: ServedDigits | undefined;
  let browser: DrivenBrowser | undefined;
  const open = (host: string, path = ''): Promise<DrivenTab> => browser!.open(`http://${host}:${served!.port}/${path}`);

  before(async function () {
    const why = whySkipped();
    if (why !== null) {
      console.log(`    skipped: ${why}`);
      this.skip();
    }
    profile = mkdtempSync(join(tmpdir(), 'secagg-pages-'));
    [browser, served] = await Promise.all([start(profile), ServedDigits.start(COMPANIONS, HOSTS.length)]);
  });

  after(async () => {
    await browser?.kill();
    await served?.end();
    if (profile !== '') await removeProfile(profile);
  });

  it('one of three visitors is closed in round 2 and opened again: the exact sum, and pages in which axe finds nothing', async () => {
    const watch = await open(HOSTS[0]!, 'watch');
    await says(watch, '#now', /Waiting for visitors: 3 needed/);
    const tabs: DrivenTab[] = [];
    const ids: number[] = [];
    for (const [i, host] of HOSTS.entries()) {
      const tab = await open(host);
      if (i === 0) expect(await violations(tab), 'the form').to.deep.equal([]);
      ids.push(await fillIn(tab, i === 1 ? 1 : 2));
      tabs.push(tab);
    }
    expect(await tabs.at(-1)!.evaluate('Promise.resolve(isSecureContext)'), 'as on a phone').to.equal(ADDRESS === undefined);

    await says(tabs[0]!, '#steps li[aria-current] strong', /Masked numbers/);
    await tabs[0]!.close();
    const again = await open(HOSTS[0]!);
    await says(again, '#phase', /In a sum with 9 participants/);
    expect(await violations(again), 'in a run').to.deep.equal([]);

    const [run] = await until('the end of the run', async () => {
      const { runs } = await served!.view();
      return runs[0]?.stage === 'finished' || runs[0]?.stage === 'failed' ? runs : null;
    });
    expect(run).to.include({ stage: 'finished', included: COMPANIONS + HOSTS.length });
    const expected = await served!.expectedMean(1, ids);
    const [before, next] = [await served!.model(1), await served!.model(2)];
    const errors = [...expected].map((value, i) => Math.abs(next[i]! - before[i]! - value));
    // Steps of the encoding. Each participant alone changes the mean by far more.
    expect(Math.max(...errors)).to.be.below(1e-5);
    expect(Math.max(...expected.map(Math.abs))).to.be.above(1e-2);

    // Who allows one sum refuses the next run, and is told.
    await says(tabs[1]!, '#refusal', /^You have taken part in as many sums as you allowed: 1\./);
    expect(await violations(tabs[1]!), 'a refused run').to.deep.equal([]);
    await watch.show();
    await says(watch, '#runs td', /sum/);
    expect(await textOf(watch, '#dropouts')).to.contain('Nobody so far');
    expect(await violations(watch), 'the page to watch').to.deep.equal([]);

    // Whoever leaves is forgotten by the browser, and may begin again: so there are enough for the second run.
    await leave(tabs[1]!);
    await tabs[1]!.evaluate(`Promise.resolve(document.querySelector('#again').click())`);
    const consents = await tabs[1]!.evaluate(`Promise.resolve(document.querySelector('#consent').checked)`);
    expect(consents, 'consent of whoever begins again').to.equal(false);
    await fillIn(tabs[1]!, 1);

    // Whoever leaves in a run is forgotten although the server is gone, which cannot be told.
    await again.show();
    await says(again, '#phase', /Selected|In a sum/);
    await served!.end();
    await leave(again);
    await until('the state is deleted', () =>
      again.evaluate<true | null>(`indexedDB.databases().then((databases) => databases.length === 0 || null)`),
    );
  });
}
