// A coordinator that has two messages of round 2, each of which is good, and would have one input under both.
import { expect } from 'chai';
import { opened } from '../../src/agent/agent-state.ts';
import type { AgentOptions } from '../../src/agent/index.ts';
import type { StoredAgent } from '../../src/participation/state-store.ts';
import { MemorySessionHost } from '../../src/coordinator/session-host.ts';
import { hex } from '../../src/leaves/bytes.ts';
import type { Exchange } from '../../src/service/exchange.ts';
import type { ReceivedRequest } from '../../src/service/request.ts';
import { withPlatform } from '../support/injected.ts';
import { DeviceStore } from '../support/service-world/device.ts';
import { Draws } from '../support/service-world/draws.ts';
import { HostileCoordinator, type Said } from '../support/service-world/hostile.ts';
import { lightEngine } from '../support/service-world/light-engine.ts';
import { SmallService, type Participant } from '../support/service-world/small-service.ts';
import { STORE_KEY } from '../support/service-world/watch.ts';

interface Scene {
  readonly hostile: HostileCoordinator;
  /** The server's message of round 2 if all have shared their keys, and if all but one have. */
  readonly messages: readonly [Said, Said];
  /** What the victim has written down: it has answered round 1. */
  readonly stored: StoredAgent;
  /** The victim's agent, with its state in a store. */
  readonly agent: (store: DeviceStore, options?: Partial<AgentOptions>) => Participant;
  /** Digests of the answers of round 2 that have left. */
  readonly answers: () => ReadonlySet<string>;
}

/** A session that has come to round 2, and a coordinator that keeps two of its states. */
async function sceneOf(): Promise<Scene> {
  const service = await SmallService.open();
  const shadow = new MemorySessionHost();
  const [victim, , , missing] = service.parties.people;
  let name = '';
  const { create, recv, close } = {
    create: service.host.create.bind(service.host),
    recv: service.host.recv.bind(service.host),
    close: service.host.close.bind(service.host),
  };
  let round = 0;
  service.host.create = async (...given): Promise<void> => {
    [name] = given;
    await shadow.create(...given);
    await create(...given);
  };
  service.host.recv = async (session, id, message): Promise<void> => {
    if (round === 0 || (round === 1 && id !== missing!.id)) await shadow.recv(session, id, message);
    await recv(session, id, message);
  };
  service.host.close = async (session, closed): Promise<void> => {
    if (closed < 2) await shadow.close(session, closed);
    await close(session, closed);
    round = closed + 1;
  };
  await service.openRun();
  let stored: StoredAgent | null = null;
  const store = new DeviceStore((_, after) => {
    const { work } = opened(after, { key: STORE_KEY, task: service.parties.task.digest, id: victim!.id, source: '' });
    if (work.phase === 'session' && work.answered === 1) stored ??= after;
  });
  const subject = service.participant(victim!, {}, store);
  await service.play([subject, ...service.everybody().slice(1)], () => round === 2);
  const place = { run: 1, attempt: 1, round: 2 };
  const [one, other] = [await service.host.message(name, victim!.id, 2), await shadow.message(name, victim!.id, 2)];
  const hostile = new HostileCoordinator(service.parties.coordinator);
  return {
    ...{ hostile, stored: stored! },
    messages: [
      { kind: 'message', place, body: one! },
      { kind: 'message', place, body: other! },
    ],
    agent: (ofStore, options = {}) => service.participant(victim!, { exchange: hostile.exchange, ...options }, ofStore),
    answers: () =>
      new Set(
        hostile.heard.filter(({ kind, place: where }) => kind === 'answer' && where.round === 2).map(({ sha256 }) => hex(sha256)),
      ),
  };
}

const accepted = ({ kind, total, place }: ReceivedRequest): Said =>
  kind === 'answer' ? { kind: 'accepted', place, offset: total, total } : { kind: 'wait' };

/** The agent does what it can for so many steps, whatever goes wrong. */
async function steps({ agent }: Participant, count = 4): Promise<void> {
  for (let step = 0; step < count; step++) await agent.transition().catch(() => undefined);
}

const scene = (play: (scene: Scene) => Promise<void>) => (): Promise<void> =>
  withPlatform(lightEngine(new Draws(1)), async () => {
    const made = await sceneOf();
    expect(hex(made.messages[0].body!)).not.to.equal(hex(made.messages[1].body!));
    await play(made);
  });

/** Answers `next` of round 2 with one of the messages. */
const saying =
  (message: Said) =>
  (request: ReceivedRequest): Said =>
    request.kind === 'next' && request.place.round === 2 ? message : accepted(request);

function storeWith(stored: StoredAgent): DeviceStore {
  const store = new DeviceStore();
  store.stored = stored;
  return store;
}

describe('one input is in one answer of round 2', () => {
  for (const which of [0, 1] as const) {
    it(
      `and it is made from either message: ${which}`,
      scene(async ({ hostile, messages, stored, agent, answers }) => {
        hostile.otherwise = saying(messages[which]);
        await steps(agent(storeWith(stored)));
        expect(answers().size).to.equal(1);
      }),
    );
  }

  it(
    'although the state could not be written, and the other message comes after a restart or without one',
    scene(async ({ hostile, messages, stored, agent, answers }) => {
      const store = storeWith(stored);
      const replace = store.replace.bind(store);
      const first = agent(store);
      // The disk is full from the message of round 2 on, which was answered in memory.
      hostile.otherwise = (request) => {
        if (request.kind === 'next') store.replace = () => Promise.reject(new Error('disk full'));
        return saying(messages[0])(request);
      };
      await steps(first);
      store.replace = replace;
      expect(answers().size).to.equal(0);
      hostile.otherwise = saying(messages[1]);
      await steps(first);
      await steps(agent(store), 6);
      await steps(first);
      expect(answers().size).to.be.within(0, 1);
    }),
  );

  it(
    'although the agent was started again between the write and the sending, and hears the other message',
    scene(async ({ hostile, messages, stored, agent, answers }) => {
      for (const isSent of [false, true]) {
        const store = storeWith(stored);
        hostile.otherwise = (request) =>
          request.kind === 'answer' && !isSent ? { kind: 'refused', code: 'ERR_SECAGG_STORE' } : saying(messages[0])(request);
        await steps(agent(store));
        hostile.otherwise = saying(messages[1]);
        await steps(agent(store), 8);
        await steps(agent(store), 8);
        hostile.otherwise = saying(messages[0]);
        await steps(agent(store), 8);
        expect(answers().size).to.equal(1);
        hostile.heard.length = 0;
      }
    }),
  );

  it(
    'although two tabs hear one message each',
    scene(async ({ hostile, messages, stored, agent, answers }) => {
      for (let late = 0; late < 12; late++) {
        const store = storeWith(stored);
        const tabs = messages.map((message, tab) => {
          const exchange: Exchange = async (bytes, about) => {
            for (let turn = 0; turn < 5 * tab * late; turn++) await Promise.resolve();
            hostile.otherwise = saying(message);
            return hostile.exchange(bytes, about);
          };
          return agent(store, { exchange });
        });
        await Promise.all(tabs.map((tab) => steps(tab, 8)));
        // While they take turns, each may find that the other one has gone on. Alone, the one that hears the message again answers.
        for (const tab of tabs) await steps(tab, 6);
        expect(answers().size, String(late)).to.equal(1);
        hostile.heard.length = 0;
      }
    }),
  );
});

describe('an agent that is started again, and then hears another message than the one that it has answered,', () => {
  it(
    'is out of the attempt and says why, instead of failing in each step',
    scene(async ({ hostile, messages, stored, agent }) => {
      const store = storeWith(stored);
      hostile.otherwise = (request) =>
        request.kind === 'answer' ? { kind: 'refused', code: 'ERR_SECAGG_STORE' } : saying(messages[0])(request);
      await steps(agent(store));
      hostile.otherwise = saying(messages[1]);
      const again = agent(store);
      for (let step = 0; step < 4; step++) await again.agent.transition();
      expect(again.agent.progress()).to.include({ phase: 'awaiting', participations: 1 });
      const told = again.events.filter(({ type }) => type === 'attempt-failed');
      expect(told).to.deep.equal([{ type: 'attempt-failed', run: 1, attempt: 1, code: 'ERR_SECAGG_EQUIVOCATION' }]);
    }),
  );
});

describe('an answer that is refused for the moment', () => {
  it(
    'is sent again later and later, whatever the coordinator says, for it may be long',
    scene(async ({ hostile, messages, stored, agent, answers }) => {
      let isRefused = true;
      hostile.otherwise = (request) =>
        request.kind === 'answer' && isRefused ? { kind: 'refused', code: 'ERR_SECAGG_STORE' } : saying(messages[0])(request);
      const { agent: victim } = agent(storeWith(stored));
      await victim.transition();
      const waits: number[] = [];
      for (let tries = 0; tries < 10; tries++) {
        const told = await victim.transition();
        if (told.status === 'pending') waits.push(told.wait);
      }
      waits.forEach((wait, i) => expect(wait).to.be.within(Math.min(250 * 2 ** i, 30_000), 60_000));
      expect(waits).to.have.lengthOf(10);
      isRefused = false;
      expect(await victim.transition()).to.deep.equal({ status: 'complete' });
      expect(answers().size).to.equal(1);
    }),
  );
});
