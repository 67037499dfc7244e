// One test for each floor of a participant, named after the attack that it stops.
import { platform } from '#platform';
import { expect } from 'chai';
import { Agent, MemoryAgentStore, type Floors } from '../../src/agent/index.ts';
import { requireAcceptable } from '../../src/agent/acceptable-roster.ts';
import type { AgentContext } from '../../src/agent/context.ts';
import { requireDrawsLeft, requireRun, requireTask, securityOfSession, type History } from '../../src/agent/floors.ts';
import { genKeypair } from '../../src/index.ts';
import { signerWith } from '../../src/crypto/sign.ts';
import { decodeRequest } from '../../src/service/request.ts';
import { encodeResponse, readResponse } from '../../src/service/response.ts';
import { readAnnouncement } from '../../src/service/announcement.ts';
import { requireValidRoster, type CertificateFloor } from '../../src/service/certified-users.ts';
import { sparseFault } from '../../src/service/group.ts';
import { readRevocationList } from '../../src/service/revocation-list.ts';
import { rosterOf } from '../../src/service/roster.ts';
import { Registrar, ServiceError, type TaskDefinition } from '../../src/service/index.ts';
import { refused, rejected } from '../support/errors.ts';
import { withPlatform } from '../support/injected.ts';
import { SmallService } from '../support/service-world/small-service.ts';
import { authorities, certified, floorsFor, NEW_YEAR, taskOf } from '../support/service.ts';

const NOW = NEW_YEAR / 1000;
const parties = authorities();
const coordinator = genKeypair()[0];
const floors = floorsFor(parties, coordinator);
const { group, windows } = taskOf(parties).definition;
/** With a colluder, who may by chance have too many neighbors that are corrupt, too. */
const SPARSE = {
  group: {
    ...{ threshold: 300, maxUsers: 320, adversary: 'semi-malicious', colluders: 40, cohorts: null },
    graph: { neighbors: 60, shareThreshold: 56, security: 10 },
  },
  minUsers: 300,
} as const satisfies Partial<TaskDefinition>;

type Changes = { readonly [Name in keyof Floors]?: Partial<Floors[Name]> };

/** Floors of which some are others. */
function floorsWith(changes: Changes): Floors {
  const changed = Object.entries(changes).map(([name, change]) => {
    const before = floors[name as keyof Floors];
    const isObject = typeof before === 'object' && before !== null && typeof change === 'object';
    return [name, isObject ? { ...before, ...change } : change];
  });
  return { ...floors, ...(Object.fromEntries(changed) as Partial<Floors>) };
}

describe('a participant refuses a task', () => {
  it('unless it is below no floor', () => {
    requireTask(floors, taskOf(parties));
  });

  const noisy = {
    aggregate: { kind: 'privateSum', length: 1, l2Clip: 1, threshold: 4, colluders: 1, noiseMultiplier: 1 },
  } as const satisfies Partial<TaskDefinition>;
  const open = { kind: 'sum', length: 1, min: 0, max: 5 } as const;
  const partly = { kind: 'combine', parts: { noisy: noisy.aggregate, open }, public: ['open'] } as const;
  const privacy = { epsilon: 1, delta: 1e-6, adjacency: 'zero-out' } as const;
  for (const [attack, changes, definition] of [
    ['whose sums may have few honest users in them', { group: { minHonest: 4 } }, {}],
    ['whose sums may be over few users', { group: { minThreshold: 5 } }, {}],
    ['whose sessions may have few participants', { group: { minEnrolled: 5 } }, {}],
    ['whose sessions may be larger than it bears', { group: { maxUsers: 5 } }, {}],
    ['that trusts the server not to lie', {}, { group: { ...group, adversary: 'semi-honest' } }],
    ['that counts on fewer accomplices than it fears', { adversary: { minColluders: 2 } }, {}],
    ['that counts on a smaller part of accomplices than it fears', { adversary: { minColludingFraction: 0.2 } }, {}],
    ['whose runs another publisher announces', { keys: { publisher: genKeypair()[0] } }, {}],
    [
      'whose participants another registrar certifies',
      { keys: { registrar: { ...parties.registrar.authority, publicKey: genKeypair()[0] } } },
      {},
    ],
    [
      'whose participants are those of another scope',
      { keys: { registrar: { ...parties.registrar.authority, scope: 'other' } } },
      {},
    ],
    ['in which one process plays all parties', {}, { development: true }],
    ['whose sums carry no noise, although it has a budget', { privacy }, {}],
    [
      'whose noise is added by the server, which sees the exact sum',
      { privacy },
      { aggregate: { ...noisy.aggregate, noiseFrom: 'server' } },
    ],
    ['that has an exact part beside one with noise', { privacy }, { aggregate: partly }],
    [
      'whose budget counts with safer draws than its floor asks',
      { privacy, adversary: { security: 39 } },
      {
        group: { ...group, cohorts: { least: 2, most: 2, seed: { min: 60, max: 60, grace: 0 } } },
        aggregate: { ...noisy.aggregate, security: 40 },
      },
    ],
    [
      'in which the server draws who is whose neighbor, although it may lie',
      { group: { maxUsers: 320 }, adversary: { security: 0 } },
      SPARSE,
    ],
    [
      'that leaves to chance who is whose neighbor, although nothing may be',
      { group: { maxUsers: 320 }, adversary: { model: 'semi-malicious', security: null } },
      SPARSE,
    ],
    [
      'whose graph exposes a participant more often than it bears',
      { group: { maxUsers: 320 }, adversary: { model: 'semi-malicious', security: 40 } },
      SPARSE,
    ],
    ['whose noise is for another adjacency', { privacy: { ...privacy, adjacency: 'replace-one' } }, noisy],
  ] as const satisfies readonly (readonly [string, Changes, Partial<TaskDefinition>])[]) {
    it(attack, async () => {
      const task = taskOf(parties, definition);
      refused('ERR_SECAGG_FLOOR', () => requireTask(floorsWith(changes as Changes), task));
      // The agent itself is not even made.
      const { keypair, bytes } = await certified(parties.registrar, 1);
      refused('ERR_SECAGG_FLOOR', () => {
        new Agent({
          ...{ task, id: 1, keypair, certificate: bytes, floors: floorsWith(changes) },
          exchange: () => Promise.reject(new Error('never')),
          inputs: { load: () => Promise.resolve(null) },
          store: new MemoryAgentStore(),
          storeKey: new Uint8Array(32),
        });
      });
    });
  }
});

describe('what a participant leaves to chance on a sparse graph', () => {
  const task = taskOf(parties, SPARSE);
  const most = Array.from({ length: 200 }, (_, i) => i + 1).findLast(
    (bits) => sparseFault({ ...SPARSE.group, graph: SPARSE.group.graph }, bits) === null,
  )!;
  const floorsOf = (security: number, maxParticipations: number): Floors =>
    floorsWith({
      group: { maxUsers: 320 },
      adversary: { model: 'semi-malicious', security },
      repetition: { maxParticipations },
    });

  it('is counted over every attempt of every participation', () => {
    expect(most).to.be.within(11, 199);
    // Three attempts of each.
    requireTask(floorsOf(most - Math.log2(3), 1), task);
    requireTask(floorsOf(most - Math.log2(3 * 64), 64), task);
    refused('ERR_SECAGG_FLOOR', () => requireTask(floorsOf(most - Math.log2(3), 2), task));
    refused('ERR_SECAGG_FLOOR', () => requireTask(floorsOf(most - Math.log2(3 * 64) + 0.01, 64), task));
    // More than any session has.
    refused('ERR_SECAGG_FLOOR', () => requireTask(floorsOf(200, 1), task));
  });

  it('is the policy of its sessions, which is stricter than the one of the task', () => {
    expect(securityOfSession(floorsOf(7, 64), task.definition)).to.equal(Math.ceil(7 + Math.log2(3 * 64)));
    expect(securityOfSession(floorsOf(0, 1), taskOf(parties, { ...SPARSE, attempts: 1 }).definition)).to.equal(1);
  });

  it('is used up by draws, also of runs that the server has ended before anything was sent', () => {
    requireDrawsLeft(floorsOf(0, 2), task, { draws: 5 });
    refused('ERR_SECAGG_FLOOR', () => requireDrawsLeft(floorsOf(0, 2), task, { draws: 6 }));
  });
});

describe('a participant refuses a run', () => {
  const history: History = { highestRun: 4, participations: 2, lastParticipation: NOW - 100, draws: 0, revocationNumber: 1 };
  const announced = async (run: number, length = 0): Promise<ReturnType<typeof readAnnouncement>> => {
    const payload = length === 0 ? {} : { payload: { url: 'https://example.org', content: new Uint8Array(length) } };
    const expires = new Date(NEW_YEAR + 60_000);
    return readAnnouncement(await parties.publisher.announce({ task: taskOf(parties), run, expires, ...payload }));
  };

  it('unless it is below no floor', async () => {
    requireRun(floors, await announced(5, 1000), history, NOW);
  });

  it('that it was asked for before, or that is older: the difference of two sums would show an input', async () => {
    for (const run of [3, 4]) {
      const announcement = await announced(run);
      refused('ERR_SECAGG_FLOOR', () => requireRun(floors, announcement, history, NOW));
    }
  });

  it('that has expired, and was kept for later', async () => {
    const announcement = await announced(5);
    refused('ERR_SECAGG_FLOOR', () => requireRun(floors, announcement, history, NOW + 60));
  });

  it('whose payload fills its disk', async () => {
    const announcement = await announced(5, 1001);
    refused('ERR_SECAGG_FLOOR', () => requireRun(floors, announcement, history, NOW));
  });

  it('that comes too soon after the last one: sums over nearly the same users would show an input', async () => {
    const announcement = await announced(5);
    requireRun(floorsWith({ repetition: { minInterval: 100 } }), announcement, history, NOW);
    refused('ERR_SECAGG_FLOOR', () => requireRun(floorsWith({ repetition: { minInterval: 101 } }), announcement, history, NOW));
  });

  it('that is one too many of its data source', async () => {
    const announcement = await announced(5);
    refused('ERR_SECAGG_FLOOR', () =>
      requireRun(floorsWith({ repetition: { maxParticipations: 2 } }), announcement, history, NOW),
    );
  });
});

describe('a participant refuses a roster', () => {
  const floor: CertificateFloor = {
    authority: parties.registrar.authority,
    now: NOW,
    clockSkew: 300,
    maxRevocationAge: 86_400,
    maxUsers: 3,
  };
  const rosterBytes = async (registrar: Registrar, ids: readonly number[]): Promise<Uint8Array> => {
    const participants = [];
    for (const id of ids) participants.push((await certified(registrar, id)).certificate);
    return rosterOf(participants, readRevocationList(await registrar.revocationList())).bytes;
  };

  it('unless all certificates hold', async () => {
    const roster = await requireValidRoster(await rosterBytes(parties.registrar, [3, 1, 2]), floor);
    expect(roster.certificates.map(({ id }) => id)).to.deep.equal([1, 2, 3]);
  });

  it('with a participant that the server has invented', async () => {
    const bytes = await rosterBytes(parties.registrar, [1, 2, 3]);
    bytes[8 + 2 * 165 + 4 + 40] = 9; // the id in the last certificate
    await rejected('ERR_SECAGG_CERTIFICATE', requireValidRoster(bytes, floor));
  });

  it('with a participant of another registrar or scope', async () => {
    const other = new Registrar({ keypair: genKeypair(), scope: 'tests', clock: () => NEW_YEAR });
    await rejected('ERR_SECAGG_CERTIFICATE', requireValidRoster(await rosterBytes(other, [1, 2]), floor));
  });

  it('with a participant whose certificate has expired, or is for later', async () => {
    const bytes = await rosterBytes(parties.registrar, [1, 2]);
    const recent = { ...floor, maxRevocationAge: 10 * 365 * 86_400 };
    await requireValidRoster(bytes, { ...recent, now: NOW + 7 * 86_400 });
    await rejected('ERR_SECAGG_CERTIFICATE', requireValidRoster(bytes, { ...recent, now: NOW + 7 * 86_400 + 300 }));
    await rejected('ERR_SECAGG_CERTIFICATE', requireValidRoster(bytes, { ...recent, now: NOW - 301 }));
  });

  it('with a participant that the registrar has taken back', async () => {
    const { registrar } = authorities();
    const participants = [];
    for (const id of [1, 2]) participants.push((await certified(registrar, id)).certificate);
    registrar.revoke(2);
    const { bytes } = rosterOf(participants, readRevocationList(await registrar.revocationList()));
    await rejected('ERR_SECAGG_CERTIFICATE', requireValidRoster(bytes, { ...floor, authority: registrar.authority }));
  });

  it('with a revocation list that is old, from the future, or not signed', async () => {
    const bytes = await rosterBytes(parties.registrar, [1, 2]);
    await rejected('ERR_SECAGG_CERTIFICATE', requireValidRoster(bytes, { ...floor, now: NOW + 86_400 + 301 }));
    await rejected('ERR_SECAGG_CERTIFICATE', requireValidRoster(bytes, { ...floor, now: NOW - 301 }));
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    await rejected('ERR_SECAGG_CERTIFICATE', requireValidRoster(bytes, floor));
  });

  it('with more participants than its session can have, without a look at their signatures', async () => {
    const bytes = await rosterBytes(parties.registrar, [1, 2, 3, 4]);
    let verified = 0;
    const ed25519Verify: typeof platform.ed25519Verify = (...signed) => (verified++, platform.ed25519VerifySync(...signed));
    await withPlatform({ ed25519Verify }, () => rejected('ERR_SECAGG_CERTIFICATE', requireValidRoster(bytes, floor)));
    expect(verified).to.equal(0);
  });

  it('with one participant twice, or in another order', async () => {
    const { certificate } = await certified(parties.registrar, 1);
    const list = readRevocationList(await parties.registrar.revocationList());
    await rejected('ERR_SECAGG_DECODE', requireValidRoster(rosterOf([certificate, certificate], list).bytes, floor));
  });
});

/** What of a session is not as usual. */
interface SessionChanges {
  readonly now?: number;
  /** Revocation lists that the registrar has made. */
  readonly lists?: number;
  /** Number of the list that the participant has seen. */
  readonly seen?: number;
  readonly changes?: Changes;
}

describe('a participant refuses a session', () => {
  const sessionOf = async (
    ids: readonly number[],
    { now = NOW, lists = 1, seen = 0, changes = {} }: SessionChanges = {},
  ): Promise<unknown> => {
    const { registrar, publisher } = authorities();
    const people = [];
    for (const id of ids) people.push(await certified(registrar, id));
    let list = await registrar.revocationList();
    for (let each = 1; each < lists; each++) list = await registrar.revocationList();
    const { bytes } = rosterOf(
      people.map(({ certificate }) => certificate),
      readRevocationList(list),
    );
    const base = floorsFor({ ...parties, registrar, publisher }, coordinator);
    const keys = { ...base.keys, maxRevocationAge: 365 * 86_400, ...changes.keys };
    const context = {
      ...{ id: 1, keypair: people[0]!.keypair, task: taskOf({ ...parties, registrar, publisher }) },
      floors: { ...base, keys, group: { ...base.group, ...changes.group } },
      memory: { state: { history: { revocationNumber: seen } } },
      now: () => now,
      verifyKeys: () => Promise.resolve(true),
    };
    return requireAcceptable(context as unknown as AgentContext, bytes);
  };

  it('unless it is below no floor', async () => {
    await sessionOf([1, 2, 3, 4], { lists: 2, seen: 2 });
  });

  it('if a certificate is old: whoever has stolen its key since could take part', async () => {
    const changes = { keys: { maxCertificateAge: 86_400 } };
    await sessionOf([1, 2, 3, 4], { now: NOW + 86_400, changes });
    // Certificates may begin a little before they are made, and clocks may differ.
    await rejected('ERR_SECAGG_FLOOR', sessionOf([1, 2, 3, 4], { now: NOW + 2 * 86_400, changes }));
  });

  it('if its revocation list is older than one seen before: it would bring back whoever was revoked since', async () => {
    await rejected('ERR_SECAGG_FLOOR', sessionOf([1, 2, 3, 4], { lists: 2, seen: 3 }));
  });

  it('if it is smaller than the task says: a sum over few tells about each of them', async () => {
    await rejected('ERR_SECAGG_FLOOR', sessionOf([1, 2, 3]));
  });

  it('if it is smaller than its own floor, whatever the task says', async () => {
    await sessionOf([1, 2, 3, 4, 5], { changes: { group: { minEnrolled: 5 } } });
    await rejected('ERR_SECAGG_FLOOR', sessionOf([1, 2, 3, 4], { changes: { group: { minEnrolled: 5 } } }));
  });
});

describe('a participant hears nobody', () => {
  it('but the coordinator of its floors: anybody on the way could play another one', async () => {
    const service = await SmallService.open();
    const [person] = service.parties.people;
    const somebody = signerWith(genKeypair()[1]);
    const { agent } = service.participant(person!, {
      async exchange(request) {
        const asked = { publicKey: service.coordinator.publicKey, request: decodeRequest(request).digest };
        return encodeResponse((await readResponse(await service.coordinator.answer(request), asked))!, somebody);
      },
    });
    await rejected('ERR_SECAGG_RESPONSE', agent.transition(), ServiceError);
    expect(agent.progress().phase).to.equal('idle');
  });
});

describe('floors', () => {
  it('have no defaults: each that is missing is refused by name', async () => {
    const { keypair, bytes } = await certified(parties.registrar, 1);
    const make = (given: unknown) => (): Agent =>
      new Agent({
        ...{ task: taskOf(parties, { windows }), id: 1, keypair, certificate: bytes, floors: given as Floors },
        exchange: () => Promise.reject(new Error('never')),
        inputs: { load: () => Promise.resolve(null) },
        store: new MemoryAgentStore(),
        storeKey: new Uint8Array(32),
      });
    for (const part of ['group', 'adversary', 'keys', 'repetition'] as const) {
      for (const name of Object.keys(floors[part])) {
        const without = { ...floors, [part]: { ...floors[part], [name]: undefined } };
        expect(make(without), name).to.throw(/TypeError|RangeError|floors\./);
      }
    }
    for (const name of ['privacy', 'maxPayloadBytes', 'acceptDevelopment'] as const) {
      expect(make({ ...floors, [name]: undefined }), name).to.throw();
    }
  });
});
