// A coordinator that would cost a participant more than its time.
import { expect } from 'chai';
import { rejected } from '../support/errors.ts';
import { withPlatform } from '../support/injected.ts';
import { Draws } from '../support/service-world/draws.ts';
import { HostileCoordinator } from '../support/service-world/hostile.ts';
import { lightEngine } from '../support/service-world/light-engine.ts';
import { SmallService, type Participant } from '../support/service-world/small-service.ts';

interface Scene {
  readonly service: SmallService;
  readonly hostile: HostileCoordinator;
  readonly victim: Participant;
}

const scene = (play: (scene: Scene) => Promise<void>) => (): Promise<void> =>
  withPlatform(lightEngine(new Draws(1)), async () => {
    const service = await SmallService.open();
    const hostile = new HostileCoordinator(service.parties.coordinator);
    const victim = service.participant(service.parties.people[0]!, { exchange: hostile.exchange });
    await play({ service, hostile, victim });
  });

describe('a coordinator that would cost a participant more than its time', () => {
  it(
    'fills no memory with an outcome of brackets, which is not even read',
    scene(async ({ service, hostile, victim: { agent } }) => {
      hostile.next.push({ kind: 'run', body: await service.announce() });
      await agent.transition();
      const text = `{"kind":"finished","users":[${'[],'.repeat(200_000)}[]]}`;
      hostile.next.push({ kind: 'outcome', body: new TextEncoder().encode(text) });
      await rejected('ERR_SECAGG_RESPONSE', agent.transition());
      expect(agent.progress().phase).to.equal('preparing');
    }),
  );

  it(
    'fills no memory with a response that is longer than any, which is not even copied',
    scene(async ({ service }) => {
      const exchange = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(2 ** 21));
      const { agent } = service.participant(service.parties.people[1]!, { exchange });
      await rejected('ERR_SECAGG_RESPONSE', agent.transition());
    }),
  );

  it(
    'keeps it busy with no body of many parts: none but the last one is shorter than it could be',
    scene(async ({ hostile, victim: { agent } }) => {
      hostile.next.push({ kind: 'run', body: new Uint8Array(1), total: 4000 });
      await rejected('ERR_SECAGG_RESPONSE', agent.transition());
      expect(hostile.heard).to.have.lengthOf(1);
    }),
  );

  it(
    'is asked twice for a token, and not again at once',
    scene(async ({ hostile, victim: { agent } }) => {
      hostile.otherwise = () => ({ kind: 'refused', code: 'ERR_SECAGG_TOKEN' });
      expect(await agent.transition()).to.have.property('status', 'pending');
      expect(hostile.heard).to.have.lengthOf(2);
    }),
  );
});
