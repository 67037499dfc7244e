// A coordinator that would choose who is in a participant's cohort.
import { expect } from 'chai';
import { enrolmentBytes } from '../../src/service/enrolment.ts';
import type { AgentOptions } from '../../src/agent/index.ts';
import type { Group } from '../../src/service/group.ts';
import { rejected } from '../support/errors.ts';
import { withPlatform } from '../support/injected.ts';
import { Draws } from '../support/service-world/draws.ts';
import { HostileCoordinator, type Said } from '../support/service-world/hostile.ts';
import { lightEngine } from '../support/service-world/light-engine.ts';
import { BEGIN, floorsFor } from '../support/service-world/parties.ts';
import { SmallService, type Participant } from '../support/service-world/small-service.ts';

const GROUP: Group = {
  ...{ threshold: 3, maxUsers: 4, adversary: 'malicious', colluders: 1 },
  cohorts: { least: 2, most: 3, seed: { min: 10, max: 60, grace: 30 } },
  graph: null,
};

interface Scene {
  readonly service: SmallService;
  readonly hostile: HostileCoordinator;
  readonly victim: Participant;
  /** What the coordinator says to enrol everybody in an attempt, with the seed of so many seconds from now. */
  readonly enrolled: (attempt: number, inSeconds: number, ids?: readonly number[]) => Said;
  /** The run that the publisher announces next. */
  readonly run: () => Promise<Said>;
  /** The victim takes so many steps, and hears these. */
  readonly hears: (...said: readonly Said[]) => Promise<void>;
}

function scene(play: (scene: Scene) => Promise<void>, options: Partial<AgentOptions> = {}): () => Promise<void> {
  return () =>
    withPlatform(lightEngine(new Draws(1)), async () => {
      const service = await SmallService.open({ users: 4, people: 8, definition: { group: GROUP, minUsers: 3 } });
      const hostile = new HostileCoordinator(service.parties.coordinator);
      const everybody = service.parties.people.map(({ id }) => id);
      const floors = { ...floorsFor(service.parties), repetition: { minInterval: 0, maxParticipations: 2 } };
      const victim = service.participant(service.parties.people[0]!, { exchange: hostile.exchange, floors, ...options });
      await play({
        ...{ service, hostile, victim },
        enrolled: (attempt, inSeconds, userIds = everybody) => ({
          kind: 'enrolled',
          place: { run: 1, attempt, round: 0 },
          body: enrolmentBytes({ seedAt: Math.floor(service.timeOfDay() / 1000) + inSeconds, userIds }),
        }),
        run: async () => ({ kind: 'run', body: await service.announce() }),
        async hears(...said) {
          for (const each of said) {
            hostile.next.push(each);
            await victim.agent.transition();
          }
        },
      });
    });
}

const OUTCOME: Said = { kind: 'outcome', body: new TextEncoder().encode('{"kind":"failed"}') };

const draws = ({ events }: Participant): number => events.filter(({ type }) => type === 'awaiting-draw').length;

describe('a coordinator that would choose the cohort of a participant', () => {
  it(
    'gets no second draw of an attempt by a session of an attempt that is long over',
    scene(async ({ victim, enrolled, run, hears, service }) => {
      await hears(await run(), enrolled(1, 20));
      await service.pass(30_000); // the seed is known, and the coordinator does not like it
      await hears({ kind: 'roster', place: { run: 1, attempt: 0, round: 0 } }, { kind: 'accepted' });
      await hears({ kind: 'run' }, enrolled(1, 20));
      expect(draws(victim)).to.equal(1);
    }),
  );

  it(
    'has no more draws than the participant has attempts in all, although it ends every run before anything is sent',
    scene(async ({ victim, hostile, enrolled, run, hears }) => {
      for (let each = 0; each < 2; each++) {
        await hears(await run());
        for (let attempt = 1; attempt <= 3; attempt++) {
          // Given up, and the participant is ready again unless it has no draw left.
          await hears(enrolled(attempt, 20), { kind: 'run' }, { kind: 'run' });
        }
        await hears(OUTCOME);
      }
      expect(draws(victim), 'two participations of three attempts').to.equal(6);
      // Whoever refused the draw only once it is enrolled would cost its cohort the attempt.
      hostile.next.push(await run(), OUTCOME);
      await victim.agent.transition();
      expect(victim.events.at(-1)).to.deep.include({ type: 'refused', code: 'ERR_SECAGG_FLOOR' });
      expect(victim.agent.progress()).to.deep.include({ phase: 'idle' });
      expect(victim.agent.progress().participations).to.equal(0);
    }),
  );

  it(
    'gets no draw from a participant whose clock is slow, once the seed is known',
    scene(
      async ({ victim, enrolled, run, hears }) => {
        await hears(await run(), enrolled(1, -600));
        expect(draws(victim)).to.equal(0);
        expect(victim.events.at(-1)).to.deep.include({ type: 'attempt-failed', code: 'ERR_SECAGG_FLOOR' });
      },
      { clock: () => BEGIN - 3_600_000 },
    ),
  );

  it(
    'cannot replace an enrolment, not even before the seed is known',
    scene(async ({ victim, enrolled, run, hears, service }) => {
      await hears(await run(), enrolled(1, 20));
      const before = victim.store.stored;
      const others = service.parties.people.slice(0, 6).map(({ id }) => id);
      await rejected('ERR_SECAGG_RESPONSE', hears(enrolled(1, 25, others)));
      await rejected('ERR_SECAGG_RESPONSE', hears(enrolled(2, 25, others)));
      expect(victim.store.stored).to.equal(before);
    }),
  );
});
