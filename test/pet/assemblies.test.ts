// Parts of messages in the memory of a coordinator: what they may take, and who makes room for whom.
import { expect } from 'chai';
import { genKeypair } from '../../src/index.ts';
import { MemoryAgentStore } from '../../src/agent/index.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { Assemblies } from '../../src/pet/assemblies.ts';
import { concat } from '../../src/leaves/bytes.ts';
import {
  decodeParameters,
  PetAgent,
  PetCoordinator,
  PetError,
  PetService,
  type PetAgentEvent,
  type PetClient,
} from '../../src/pet/index.ts';
import { isDrawn, signTask } from '../../src/pet/parameters.ts';
import { sealMessage } from '../../src/pet/wire/message.ts';
import { encodePart } from '../../src/pet/wire/parts.ts';
import { refused, rejected } from '../support/errors.ts';
import { clientOf, settings } from './worlds.ts';

/** What a message costs with one part of 200 bytes. */
const COST = 1024 + 128 + 200;
const part = (number: number, { messageId = 0, isLast = false, length = 200 } = {}): Parameters<Assemblies['add']>[1] => ({
  number,
  messageId,
  isLast,
  data: new Uint8Array(length).fill(number + 1),
});
const arrival = (now: number): Parameters<Assemblies['add']>[2] => ({ mostBytes: 1000, now });

describe('parts of messages in memory', () => {
  it('are kept as far as the bytes and what keeps them fit, and then the newest message is refused', () => {
    const pool = new Assemblies(3 * COST);
    for (const participant of ['a', 'b', 'c']) expect(pool.add(participant, part(0), arrival(0))).to.equal(null);
    refused('ERR_SECAGG_PET_PENDING', () => pool.add('d', part(0), arrival(1)));
    // A part that comes again takes no room.
    expect(pool.add('c', part(0), arrival(1))).to.equal(null);
    // A message that is whole makes room.
    expect(pool.add('a', part(1, { isLast: true, length: 1 }), arrival(1))).to.have.lengthOf(201);
    expect(pool.add('d', part(0), arrival(1))).to.equal(null);
    pool.clear();
    for (const participant of ['e', 'f', 'g']) pool.add(participant, part(0), arrival(2));
  });

  it('are none of a message whose first part is not there', () => {
    const pool = new Assemblies(COST);
    refused('ERR_SECAGG_PET_PENDING', () => pool.add('a', part(1), arrival(0)));
    pool.add('b', part(0), arrival(0));
    refused('ERR_SECAGG_PET_PENDING', () => pool.add('b', part(1, { messageId: 1 }), arrival(0)));
    expect(pool.add('b', part(1, { isLast: true }), arrival(0))).to.have.lengthOf(400);
  });

  it('of a participant that is refused, or begins another message, are forgotten', () => {
    const pool = new Assemblies(COST);
    pool.add('a', part(0), arrival(0));
    refused('ERR_SECAGG_PET_PART', () => pool.add('a', part(0, { length: 199 }), arrival(0)));
    pool.add('b', part(0), arrival(0));
    pool.add('b', part(0, { messageId: 1 }), arrival(0));
    refused('ERR_SECAGG_PET_PENDING', () => pool.add('b', part(1), arrival(0)));
    refused('ERR_SECAGG_PET_PENDING', () => pool.add('a', part(0), arrival(0)));
    // No room for the second part, so the first one goes too.
    refused('ERR_SECAGG_PET_PENDING', () => pool.add('b', part(1, { messageId: 1 }), arrival(0)));
    expect(pool.add('a', part(0), arrival(0))).to.equal(null);
  });

  it('make room for others when they have waited longest, from 30 seconds on', () => {
    const pool = new Assemblies(2 * COST + 328);
    pool.add('a', part(0), arrival(0));
    pool.add('b', part(0), arrival(1000));
    pool.add('a', part(1), arrival(2000));
    pool.add('b', part(0), arrival(20_000)); // the same part again: no sign of life
    refused('ERR_SECAGG_PET_PENDING', () => pool.add('c', part(0), arrival(30_999)));
    expect(pool.add('c', part(0), arrival(31_000))).to.equal(null);
    refused('ERR_SECAGG_PET_PENDING', () => pool.add('b', part(1), arrival(31_000)));
    expect(pool.add('a', part(2, { isLast: true }), arrival(31_000))).to.have.lengthOf(600);
  });

  it('of the message that began first take the room of others: of messages that come at once, one always becomes whole', () => {
    const pool = new Assemblies(2 * COST);
    const whole: string[] = [];
    const next = new Map(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, 0]));
    for (let turns = 0; next.size > 0; turns++) {
      expect(turns).to.be.lessThan(30);
      for (const [name, number] of next) {
        try {
          const isWhole = pool.add(name, part(number, { isLast: number === 3 }), arrival(0)) !== null;
          if (isWhole) whole.push(name);
          if (isWhole) next.delete(name);
          else next.set(name, number + 1);
        } catch {
          next.set(name, 0);
        }
      }
    }
    expect(whole).to.have.members(['a', 'b', 'c', 'd', 'e', 'f']);
  });
});

/** A round after its sum phase, with a pool that has room for three messages of some 1400 bytes. */
interface World {
  readonly coordinator: PetCoordinator;
  readonly summers: readonly PetAgent[];
  readonly updaters: readonly PetAgent[];
  readonly events: PetAgentEvent[];
  /** Status and text of what the service answered. */
  readonly answers: Set<string>;
}

const modelOf = (i: number): Float32Array => Float32Array.from({ length: 100 }, (_, j) => (i - j) / 128);

async function runOut(agent: PetAgent): Promise<void> {
  while ((await agent.transition()).status === 'complete');
}

async function afterSums(count: number): Promise<World> {
  for (;;) {
    const options = { sumProbability: 0.2, updateProbability: 1, modelLength: 100, maxPendingBytes: 9000 };
    const coordinator = await PetCoordinator.create({ ...settings, ...options, update: { count: { min: 3, max: 100 } } });
    const service = new PetService({ coordinator });
    const [events, answers]: [PetAgentEvent[], Set<string>] = [[], new Set()];
    const client: PetClient = {
      ...clientOf(coordinator),
      async send(message) {
        const { status, body } = await service.answer({ method: 'POST', url: '/message', body: message });
        answers.add(`${status} ${String(body)}`);
        if (status !== 200) throw new PetError(body as PetError['code'], 'refused');
      },
    };
    const agents = Array.from({ length: count }, (_, i) => {
      const models = { load: () => Promise.resolve({ model: modelOf(i) }) };
      const own = { signSecretKey: genKeypair()[1], client, models, maxMessageBytes: 400 };
      const listener = (event: PetAgentEvent): void => void events.push(event);
      return new PetAgent({ ...own, store: new MemoryAgentStore(), storeKey: new Uint8Array(32), listener });
    });
    for (const agent of agents) await agent.transition();
    const drawn = (task: string): PetAgent[] => agents.filter((agent) => agent.progress().task === task);
    const [summers, updaters] = [drawn('sum'), drawn('update')];
    if (summers.length === 0 || updaters.length < 8) continue;
    for (const agent of summers) await runOut(agent);
    await coordinator.close();
    return { coordinator, summers, updaters, events, answers };
  }
}

describe('honest participants with a pool that is too small for all of them', () => {
  it('are all heard, side by side: a full pool is no refusal for good', async () => {
    const { coordinator, summers, updaters, events, answers } = await afterSums(20);
    for (let step = 0; step < 300 && coordinator.progress().accepted < updaters.length; step++) {
      for (const agent of updaters) {
        await agent.transition().catch((error: unknown) => {
          expect(error).to.include({ code: 'ERR_SECAGG_PET_PENDING' });
        });
      }
    }
    expect([...answers]).to.have.members(['200 accepted', '200 incomplete', '503 ERR_SECAGG_PET_PENDING']);
    expect(events.filter(({ type }) => type === 'refused')).to.deep.equal([]);
    expect(coordinator.progress()).to.include({ accepted: updaters.length, discarded: 0 });
    await coordinator.close();
    for (const agent of summers) await runOut(agent);
    expect((await coordinator.close()).model).to.have.lengthOf(100);
  });

  it('are heard although strangers that are drawn for nothing send parts: none of theirs is kept', async () => {
    const { coordinator, updaters } = await afterSums(16);
    const { seed, coordinatorKey, sumProbability } = decodeParameters(coordinator.parameters());
    for (let strangers = 0; strangers < 20;) {
      const [participantKey, signSecretKey] = genKeypair();
      const sum = await signTask(signSecretKey, seed, 'sum');
      if (isDrawn(sum, sumProbability)) continue;
      strangers++;
      for (const [number, code] of [
        [0, 'ERR_SECAGG_PET_TASK'],
        [1, 'ERR_SECAGG_PET_PENDING'],
      ] as const) {
        const data = concat([sum, systemRandom(640)]);
        const payload = encodePart({ number, messageId: 7, isLast: false, data });
        const message = { participantKey, tag: 'update' as const, isPart: true, payload };
        const sealed = await sealMessage(message, { signSecretKey, coordinatorKey, random: systemRandom });
        await rejected(code, coordinator.receive(sealed));
      }
    }
    for (const agent of updaters) await runOut(agent);
    expect(coordinator.progress().accepted).to.equal(updaters.length);
  });
});
