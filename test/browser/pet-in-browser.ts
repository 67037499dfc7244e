// What is tested of a participant of PET in a browser: its model is in the mean once, although its page is closed while it is sent.
import { expect } from 'chai';
import type { GivenPetParticipant, PetAgentInPage } from './pet-page.ts';
import { PetRound, type Fate } from './pet-round.ts';
import { onceLoaded, startedBrowser, until } from './started-browser.ts';
import type { DrivenBrowser, DrivenTab } from './web-driver.ts';

const participate = (page: DrivenTab, given: GivenPetParticipant): Promise<void> =>
  onceLoaded(page, `participate(${JSON.stringify(given)})`);

const look = (page: DrivenTab): Promise<PetAgentInPage> => page.evaluate('agentInPage()');

/** @param start starts the browser with a profile. @param whySkipped says what is missing. */
export function describePetAgent(start: (profile: string) => Promise<DrivenBrowser>, whySkipped: () => string | null): void {
  const browser = startedBrowser(start, whySkipped);
  let round: PetRound | undefined;

  beforeEach(async () => {
    round = await PetRound.start();
  });

  afterEach(() => {
    round?.close();
  });

  const cases: readonly (readonly [string, 'close' | 'kill', (message: number, accepted: number) => Fate])[] = [
    ['its page is closed after half of its message', 'close', (message) => (message > 2 ? 'lost' : 'delivered')],
    [
      'its browser is killed before the answer to its last part arrives',
      'kill',
      (_, accepted) => (accepted === 1 ? 'answer lost' : 'delivered'),
    ],
  ];
  for (const [what, how, fateOf] of cases) {
    it(`is in the mean once, with the model that was written down, when ${what}`, async () => {
      const given = await round!.participant();
      const page = await browser.open(round!.url);
      round!.decide(fateOf);
      await participate(page, given);
      await until('a message or its answer is lost', async () => (await look(page)).events.includes('step-failed'));
      expect(await look(page)).to.deep.include({ progress: { phase: 'sending', task: 'update' }, loads: 1 });
      expect(round!.accepted).to.equal(how === 'kill' ? 1 : 0);
      await (how === 'kill' ? browser.kill() : browser.close(page));

      round!.decide(() => 'delivered');
      const again = await browser.open(round!.url);
      await participate(again, { ...given, model: given.model.map(() => 0) });
      // The event comes before the state that says so is written, and an agent that has not read its state yet awaits a round, too.
      await until('the message is sent, and that is written', async () => {
        const { events, progress } = await look(again);
        return events.includes('sent') && progress.phase === 'awaiting';
      });
      expect(await look(again)).to.deep.include({ progress: { phase: 'awaiting', task: null }, loads: 0 });
      expect(round!.accepted).to.equal(1);
      await round!.joinOthers();
      await until('the round is over', () => round!.mean !== null);
      expect(round!.mean).to.deep.equal(round!.expected);
    });
  }
}
