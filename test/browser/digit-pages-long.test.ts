// The pages of examples/pages in Chromium, for as long as a visitor stays: run after run, and a service that is started again.
import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../scripts/local-postgres.ts';
import { missingChromium, startChromium } from './chromium.ts';
import { ServedDigits } from './digit-service.ts';
import { fillIn, focusOf, says, storedParticipant, textOf, until, violations } from './digit-visitor.ts';
import { startedBrowser } from './started-browser.ts';

const COMPANIONS = 40;
const DROPOUTS = 2;
const RUNS = 5;
/** Draws a digit with the keyboard, and adds it. */
const DRAW = `
  for (const key of [' ', 'ArrowDown', 'ArrowDown', 'ArrowDown']) {
    document.querySelector('#pad').dispatchEvent(new KeyboardEvent('keydown', { key }));
  }
  document.querySelector('#add').click();
`;
/** Each origin has a storage of its own. */
const HOSTS = ['127.0.0.1', '127.0.0.2'];

describe('visitors that stay on the pages, in Chromium', function () {
  this.timeout(600_000);
  const browser = startedBrowser(startChromium, missingChromium);
  let served: ServedDigits | undefined;
  afterEach(async () => {
    await served?.end();
    served = undefined;
  });

  it('two take part in five runs in a row, in which nobody drops out but companions', async () => {
    const options = ['--host', '0.0.0.0', '--port', '0', '--visitors', '2', '--runs', String(RUNS)]; // the others as by default
    served = await ServedDigits.start(COMPANIONS, ...options);
    const tabs = [];
    for (const host of HOSTS) {
      const tab = await browser.open(`http://${host}:${served.port}/`);
      await fillIn(tab, RUNS);
      tabs.push(tab);
    }
    let ended = 0;
    while (ended < RUNS) {
      const { runs } = await served.view();
      const over = runs.filter(({ stage }) => stage === 'finished' || stage === 'failed');
      for (const { run, stage, selected, lost, rounds, included } of over.slice(ended)) {
        const missing = rounds.reduce((sum, round) => sum + round.missing, 0);
        expect({ run, stage, selected, lost, missing }).to.deep.equal({
          ...{ run, stage: 'finished', selected: COMPANIONS + HOSTS.length, lost: 0, missing: DROPOUTS },
        });
        expect(included).to.be.at.least(COMPANIONS + HOSTS.length - DROPOUTS);
      }
      ended = over.length;
      await setTimeout(500);
    }
    for (const tab of tabs) {
      await tab.show();
      await says(tab, '#phase', /All runs of this service are over/);
      expect(await textOf(tab, '#participations')).to.equal(`${RUNS} of at most ${RUNS}`);
      await says(tab, '#spent', /^ε = 8\.00 of 8$/);
    }
    const late = await browser.open(`http://127.0.0.3:${served.port}/`);
    await says(late, '#over:not([hidden])', /All runs of this service are over/);
    const watch = await browser.open(`http://${HOSTS[0]!}:${served.port}/watch`);
    await says(watch, '#spent', /^ε = 8\.00 of 8$/);
  });

  it('a service whose port is taken ends', async () => {
    served = await ServedDigits.exact(12, 1);
    const second = ServedDigits.exact(12, 1, '--port', String(served.port));
    expect(await second.catch(String)).to.match(/the service has ended/);
  });

  it('the tabs of one visitor are one participant: the form of another tab goes, and no tab counts a budget that it does not know', async () => {
    served = await ServedDigits.start(COMPANIONS, '--port', '0', '--visitors', '2'); // waits for more visitors than come
    const url = `http://127.0.0.1:${served.port}/`;
    const [first, second] = [await browser.open(url), await browser.open(url)];
    await says(second, '#digest', /^[0-9a-f]{64}$/);
    await first.show();
    const id = await fillIn(first, 1);
    await says(first, '#budget:not([hidden]) #spent', /^ε = 0\.00 of 8$/);
    for (const tab of [second, await browser.open(url)]) {
      await tab.show();
      await says(tab, '#taking-part:not([hidden]) #phase', /takes part in the other one/);
      expect(await textOf(tab, '#joining:not([hidden])')).to.equal('');
      for (const card of ['#account', '#budget']) expect(await textOf(tab, `${card}:not([hidden])`)).to.equal('');
    }
    expect(await storedParticipant(second)).to.equal(id);
    await browser.close(first);
    await second.show();
    await until('the second tab or the third', async () => ((await served!.view()).present === 1 ? true : null));
    await second.evaluate(`(async () => document.querySelector('#leave').click())()`);
    await says(second, '#phase', /You have left/);
    expect(await storedParticipant(second)).to.equal(null);
  });

  it('a page that is open while the service is started again asks for consent to the new task, and keeps what was drawn', async () => {
    const port = await freePort();
    served = await ServedDigits.exact(12, 3, '--port', String(port)); // waits for more visitors than come
    const url = `http://127.0.0.1:${port}/`;
    const tab = await browser.open(url);
    const form = await browser.open(`http://127.0.0.2:${port}/`);
    await says(form, '#digest', /^[0-9a-f]{64}$/);
    const before = await textOf(tab, '#digest');
    await form.evaluate(`(async () => { ${DRAW} document.querySelector('#digits button').focus(); })()`);
    await tab.evaluate(`(async () => {
      ${DRAW}
      document.querySelector('#consent').checked = true;
      document.querySelector('[type=submit]').click();
    })()`);
    await until('the participant', () => storedParticipant(tab));
    await says(tab, '#phase', /Waiting for visitors: 3 needed, 1 there/);
    const focused = await form.evaluate(`Promise.resolve(document.activeElement.className)`);
    expect(focused, 'although the service had news for this page').to.equal('thumbnail');
    await form.evaluate(`(async () => document.querySelector('#consent').click())()`);
    await tab.show();

    await served.end();
    await says(tab, '#connection:not([hidden])', /connection to the server is lost/);
    await form.show();
    await form.evaluate(`(async () => document.querySelector('[type=submit]').click())()`);
    await says(form, '#consent-problem', /does not answer/);
    const consents = await form.evaluate(`Promise.resolve(document.querySelector('#consent').checked)`);
    expect(consents, 'consent of whoever tries again').to.equal(true);
    await tab.show();
    served = await ServedDigits.exact(12, 1, '--port', String(port));
    for (const each of [tab, form]) {
      await says(each, '#other-task:not([hidden])', /another task than before/);
      expect(await focusOf(each)).to.equal('other-task');
      expect(await each.evaluate(`Promise.resolve(document.querySelector('#consent').checked)`)).to.equal(false);
    }
    expect(await textOf(tab, '#connection:not([hidden])')).to.equal('');
    expect(await textOf(tab, '#digest'))
      .to.match(/^[0-9a-f]{64}$/)
      .and.not.equal(before);
    expect(await storedParticipant(tab)).to.equal(null);
    expect(await violations(tab)).to.deep.equal([]);
    for (const each of [tab, form]) expect(await textOf(each, '#drawn')).to.equal('One digit.');
    expect((await served.view()).present, 'nobody takes part without consent').to.equal(0);

    await tab.evaluate(`(async () => {
      document.querySelector('#consent').click();
      document.querySelector('[type=submit]').click();
    })()`);
    await says(tab, '#messages', /Run 1: there is a sum, for which you have sent your part/);
  });
});
