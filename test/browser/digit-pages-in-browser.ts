// The pages of examples/pages in a browser: visitors with a database each, one of which is closed in round 2 and opened again.
import { expect } from 'chai';
import { mkdtempSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillIn, focusOf, says, textOf, until, violations } from './digit-visitor.ts';
import { ServedDigits } from './digit-service.ts';
import { removeProfile, type DrivenBrowser, type DrivenTab } from './web-driver.ts';

const COMPANIONS = 6;

/** Each origin has a storage of its own. The last one is as for a phone: no secure context, so neither WebCrypto nor Web Locks. */
const ADDRESS = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
const HOSTS = ['127.0.0.1', '127.0.0.2', ADDRESS ?? '127.0.0.3'];
const LATE_HOST = '127.0.0.4';

/** A person sends the form without digits, and then without consent. What is missing is said beside the control, which has the focus. */
async function forgetsSomething(tab: DrivenTab): Promise<void> {
  const sent = (): Promise<{ focus: string; describedBy: string; seen: boolean; text: string }> =>
    tab.evaluate(`(async () => {
      document.querySelector('[type=submit]').click();
      const control = document.activeElement;
      const problem = document.getElementById(control.id + '-problem');
      const { top, bottom } = problem.getBoundingClientRect();
      const describedBy = control.getAttribute('aria-describedby');
      return { focus: control.id, describedBy, seen: top >= 0 && bottom <= innerHeight, text: problem.textContent };
    })()`);
  const digits = await sent();
  expect(digits).to.include({ focus: 'pad', describedBy: 'pad-help pad-problem', seen: true });
  expect(digits.text).to.match(/at least one digit/);
  await tab.evaluate(`(async () => document.querySelector('[value=samples]').click())()`);
  expect(await textOf(tab, '#pad-problem')).to.equal('');
  const consent = await sent();
  expect(consent).to.include({ focus: 'consent', describedBy: 'consent-problem', seen: true });
  expect(consent.text).to.match(/consent first/);
}

/** A person leaves, and the browser has forgotten the participant at once. */
async function leave(tab: DrivenTab): Promise<void> {
  await tab.show();
  const stored = await tab.evaluate(
    `(async () => (document.querySelector('#leave').click(), localStorage.getItem('participant')))()`,
  );
  expect(stored).to.equal(null);
  await says(tab, '#phase', /You have left/);
  expect(await focusOf(tab)).to.equal('part-title');
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
    [browser, served] = await Promise.all([start(profile), ServedDigits.exact(COMPANIONS, HOSTS.length)]);
  });

  after(async () => {
    await browser?.kill();
    await served?.end();
    if (profile !== '') await removeProfile(profile);
  });

  it('one of three visitors is closed in round 2 and opened again: the exact sum, and pages in which axe finds nothing', async () => {
    const watch = await open(HOSTS[0]!, 'watch');
    await says(watch, '#now', /Waiting for visitors: 3 needed, 0 there/);
    if (ADDRESS !== undefined) await says(watch, '#join:not([hidden])', new RegExp(`http://${ADDRESS}:`));
    const tabs: DrivenTab[] = [];
    const ids: number[] = [];
    for (const [i, host] of HOSTS.entries()) {
      const tab = await open(host);
      if (i === 0) {
        await says(tab, '#digest', /^[0-9a-f]{64}$/);
        await forgetsSomething(tab);
        expect(await violations(tab), 'the form').to.deep.equal([]);
      }
      ids.push(await fillIn(tab, i === 1 ? 1 : 2));
      tabs.push(tab);
    }
    expect(await tabs.at(-1)!.evaluate('Promise.resolve(isSecureContext)'), 'as on a phone').to.equal(ADDRESS === undefined);

    await until('the focus', async () => ((await focusOf(tabs.at(-1)!)) === 'part-title' ? true : null));
    await says(tabs[0]!, '#steps li[aria-current] strong', /Masked numbers/);
    await tabs[0]!.close();
    const late = await open(LATE_HOST);
    await fillIn(late, 1);
    await says(late, '#phase', /Run 1 goes on without you: you came too late for it\. The next run begins .* run 2\./);
    expect(await violations(late), 'too late').to.deep.equal([]);
    await leave(late);
    expect(await violations(late), 'after leaving').to.deep.equal([]);
    await late.close();
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
    await says(tabs[1]!, '#refusal', /^You have taken part in as many runs as you allowed: 1\./);
    expect(await violations(tabs[1]!), 'a refused run').to.deep.equal([]);
    await watch.show();
    await says(watch, '#runs td', /sum/);
    expect(await textOf(watch, '#dropouts')).to.contain('Nobody so far');
    expect(await violations(watch), 'the page to watch').to.deep.equal([]);

    // Whoever leaves is forgotten by the browser, and may begin again: so there are enough for the second run.
    await leave(tabs[1]!);
    await tabs[1]!.evaluate(`Promise.resolve(document.querySelector('#again').click())`);
    expect(await focusOf(tabs[1]!)).to.equal('digits-title');
    const consents = await tabs[1]!.evaluate(`Promise.resolve(document.querySelector('#consent').checked)`);
    expect(consents, 'consent of whoever begins again').to.equal(false);
    await fillIn(tabs[1]!, 1);

    // Whoever leaves in a run is forgotten although the server is gone, which cannot be told.
    await again.show();
    await says(again, '#phase', /You are in this run|In a sum/);
    await served!.end();
    await leave(again);
    await until('the state is deleted', () =>
      again.evaluate<true | null>(`indexedDB.databases().then((databases) => databases.length === 0 || null)`),
    );
  });
}
