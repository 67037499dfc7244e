// Participants, and a source of seeds, that would keep the others from their sum.
import { expect } from 'chai';
import type { FinishedRun } from '../../src/coordinator/outcome.ts';
import { certificateRequest } from '../../src/service/certificate-request.ts';
import type { SeedSource } from '../../src/service/seeds.ts';
import type { Group } from '../../src/service/group.ts';
import { withPlatform } from '../support/injected.ts';
import { Draws } from '../support/service-world/draws.ts';
import { lightEngine } from '../support/service-world/light-engine.ts';
import { SmallService } from '../support/service-world/small-service.ts';

const GROUP: Group = {
  ...{ threshold: 3, maxUsers: 4, adversary: 'malicious', colluders: 1 },
  cohorts: { least: 2, most: 3, seed: { min: 10, max: 60, grace: 30 } },
  graph: null,
};
const WEEK = 7 * 86_400_000;

const scene = (play: (service: SmallService) => Promise<void>) => (): Promise<void> =>
  withPlatform(lightEngine(new Draws(1)), async () => {
    await play(await SmallService.open({ users: 4, people: 8, definition: { group: GROUP, minUsers: 3, attempts: 1 } }));
  });

async function seededBy(service: SmallService, seeds: SeedSource): Promise<void> {
  service.coordinator = service.process({ seeds });
  await service.giveList(service.coordinator);
}

describe('the others come to their sum, or to an end,', () => {
  it(
    'although a participant is enrolled with a certificate that ends before its cohort looks at it',
    scene(async (service) => {
      const { registrar, people } = service.parties;
      // The first certificates are good for two seconds more when the enrolment is closed, as clocks may differ.
      service.now = WEEK + 300_000 - 64_000;
      await service.pass(1);
      await service.giveList(service.coordinator);
      const key = await service.openRun();
      const [attacker, ...others] = people;
      const renewed = others.map(async ({ id, keypair }) => {
        const certificate = await registrar.certify(await certificateRequest(registrar.authority, id, keypair), { id });
        return service.participant({ id, keypair, certificate });
      });
      const participants = [service.participant(attacker!), ...(await Promise.all(renewed))];
      expect(((await service.end(key, participants)) as FinishedRun).included).to.deep.equal(others.map(({ id }) => id));
    }),
  );

  it(
    'although the source of seeds throws',
    scene(async (service) => {
      let asked = 0;
      await seededBy(service, () => {
        asked++;
        throw new Error('no network');
      });
      const key = await service.openRun();
      expect(await service.end(key)).to.deep.include({ kind: 'failed', code: 'ERR_SECAGG_SEED' });
      expect(service.events.filter(({ type }) => type === 'tick-failed')).to.have.lengthOf(asked);
    }),
  );

  it(
    'although the source of seeds never answers, and it is asked once',
    scene(async (service) => {
      let asked = 0;
      await seededBy(service, () => {
        asked++;
        return new Promise(() => undefined);
      });
      const key = await service.openRun();
      expect(await service.end(key)).to.deep.include({ kind: 'failed', code: 'ERR_SECAGG_SEED' });
      expect(asked).to.equal(1);
    }),
  );
});
