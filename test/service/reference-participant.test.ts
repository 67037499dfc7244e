// A participant that was written in Python from docs/coordination.md takes part in runs of a coordinator, among agents.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Agent, MemoryAgentStore, type AgentEvent } from '../../src/agent/index.ts';
import { Coordinator, MemoryCoordinatorStore, type FinishedRun, type RunKey } from '../../src/coordinator/index.ts';
import { genKeypair } from '../../src/index.ts';
import { revocationListOf } from '../../src/service/revocation-list.ts';
import { Publisher, Registrar, verifyCertificate, type Task, type TaskDefinition } from '../../src/service/index.ts';
import { hasReference, runReference, type ReferenceEnd } from '../support/reference-participant.ts';
import { certified, clockAt, floorsFor, taskOf, type Authorities, type TestClock } from '../support/service.ts';

/** The id of the participant of the reference; the others are agents. */
const REFERENCE = 3;
const SOURCE = 'scale 7';

interface AgentTerms {
  readonly id: number;
  readonly data: Iterable<number | bigint>;
  readonly listener?: (event: AgentEvent) => void;
  /** Whether it may do its next step. */
  readonly mayStep?: () => boolean;
}

const isHere = hasReference();
const why = isHere ? '' : ' (skipped: no python3 with the package cryptography here)';

describe(`a participant of the reference in Python${why}`, function () {
  this.timeout(60_000);
  const ending = new AbortController();
  let parties: Authorities;
  let task: Task;
  /** Service time, which a test moves. Certificates are valid by the real time, which the reference reads. */
  let time: TestClock;
  let store: MemoryCoordinatorStore;
  let coordinator: Coordinator;
  let registrarKey: Uint8Array;

  before(function () {
    if (!isHere) this.skip();
  });

  beforeEach(() => {
    const keypair = genKeypair();
    registrarKey = keypair[1];
    const registrar = new Registrar({ keypair, scope: 'tests' });
    parties = { clock: clockAt(Date.now()), registrar, publisher: new Publisher({ keypair: genKeypair() }) };
  });

  after(() => {
    ending.abort();
  });

  async function openRun(users: number, changes: Partial<TaskDefinition> = {}, list?: Uint8Array): Promise<RunKey> {
    const threshold = Math.min(users, 3);
    const group = { threshold, maxUsers: users, adversary: 'malicious', colluders: 1, cohorts: null, graph: null } as const;
    task = taskOf(parties, { group, minUsers: threshold, ...changes });
    time = clockAt(0);
    store = new MemoryCoordinatorStore(() => time.now);
    coordinator = new Coordinator({ keypair: genKeypair(), tasks: [task], store });
    await coordinator.setRevocationList(list ?? (await parties.registrar.revocationList()));
    const expires = new Date(Date.now() + 3_600_000);
    return coordinator.openRun(await parties.publisher.announce({ task, run: 7, source: SOURCE, expires }));
  }

  /** An agent that does one step after the other, sooner than the coordinator asks it to. */
  async function startAgent({ id, data, listener = () => undefined, mayStep = () => true }: AgentTerms): Promise<void> {
    const { keypair, bytes } = await certified(parties.registrar, id);
    const floors = floorsFor(parties, coordinator.publicKey);
    const agent = new Agent({
      ...{ task, id, keypair, certificate: bytes, source: SOURCE, listener },
      exchange: (request) => coordinator.answer(request),
      inputs: { load: () => Promise.resolve({ id: 'a', data: [...data] }) },
      store: new MemoryAgentStore(),
      storeKey: new Uint8Array(32).fill(id),
      floors: {
        ...floors,
        group: { minHonest: 1, minEnrolled: 2, minThreshold: 2, maxUsers: 7 },
        ...(task.definition.group.graph !== null && {
          adversary: { model: 'semi-malicious', minColluders: 0, minColludingFraction: 0, security: 20 },
        }),
      },
    });
    void (async (): Promise<void> => {
      while (!ending.signal.aborted) {
        if (!mayStep() || (await agent.transition()).status === 'pending') await sleep(10);
      }
    })();
  }

  async function startReference(vector: readonly (number | bigint)[], silentFrom: number | null = null): Promise<ReferenceEnd> {
    const participant = await certified(parties.registrar, REFERENCE);
    return runReference({ coordinator, task, participant, source: SOURCE, vector, silentFrom });
  }

  /** The time of a round or of a stage is over, with its extension. */
  async function passStage(): Promise<void> {
    for (let i = 0; i < 5; i++) await store.heartbeat().then(() => (time.now += 5000));
    await coordinator.tick();
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await sleep(5);
  }

  it('is in the sum with three agents, and its signature is in the certificate of the run', async () => {
    const key = await openRun(4);
    for (const id of [1, 5, 2 ** 40]) await startAgent({ id, data: [id % 7, -1, 0, 1] });
    const { result, sent } = await startReference([100, -200, 2 ** 29 - 1, 0]);
    expect(result).to.deep.equal({ kind: 'finished', run: 7, attempt: 1, users: 4 });
    const outcome = (await coordinator.outcome(key)) as FinishedRun;
    expect(outcome.result).to.deep.equal(Int32Array.of(100 + 1 + 5 + 2, -203, 2 ** 29 - 1, 3));
    expect(outcome.included).to.deep.equal([1, REFERENCE, 5, 2 ** 40]);
    const terms = { registrar: parties.registrar.authority, publisher: parties.publisher.publicKey };
    const [certificate] = await coordinator.certificates(key);
    const verified = await verifyCertificate(certificate!, terms);
    expect(verified.vouching).to.deep.equal([1, REFERENCE, 5, 2 ** 40]);
    expect(sent).to.include({ hello: 1, answer: 5 });
  });

  it('is in the sum on a sparse graph, and knows the keys of its neighbors alone', async () => {
    const users = 7;
    const graph = { neighbors: 4, shareThreshold: 4, security: 40 };
    const group = { threshold: 6, maxUsers: users, adversary: 'semi-malicious', colluders: 0, cohorts: null, graph } as const;
    const key = await openRun(users, { group, minUsers: users });
    for (const id of [1, 2, 4, 5, 6, 2 ** 40]) await startAgent({ id, data: [id % 7, -1, 0, 1] });
    const { result, sent } = await startReference([100, -200, 2 ** 28, 0]);
    expect(result).to.deep.equal({ kind: 'finished', run: 7, attempt: 1, users });
    const outcome = (await coordinator.outcome(key)) as FinishedRun;
    expect(outcome.result).to.deep.equal(Int32Array.of(100 + 1 + 2 + 4 + 5 + 6 + 2, -206, 2 ** 28, 6));
    expect(sent).to.include({ hello: 1, answer: 5, certificates: 1 });
    const terms = { registrar: parties.registrar.authority, publisher: parties.publisher.publicKey };
    const [certificate] = await coordinator.certificates(key);
    expect((await verifyCertificate(certificate!, terms)).vouching).to.include(REFERENCE);
  });

  it('is not in the sum if it falls silent after its shares: the others finish without it', async () => {
    const key = await openRun(4);
    let masked = 0;
    const listener = (event: AgentEvent): void => {
      if (event.type === 'sent' && event.round === 2) masked++;
    };
    for (const id of [1, 2, 4]) await startAgent({ id, data: [id, 10, 0, -id], listener });
    const { result, sent } = await startReference([1000, 1000, 1000, 1000], 2);
    expect([result, sent.answer]).to.deep.equal([null, 2]);
    await until(() => masked === 3);
    await passStage();
    const outcome = (await coordinator.finished(key)) as FinishedRun;
    expect(outcome.included).to.deep.equal([1, 2, 4]);
    expect(outcome.result).to.deep.equal(Int32Array.of(7, 30, 0, -7));
  });

  it('is in a second attempt if the first one fails before it has sent its input', async () => {
    const key = await openRun(3);
    let [isAsleep, shared] = [false, false];
    const first = (event: AgentEvent): void => {
      if (event.type === 'sent' && event.round === 1) shared = true;
    };
    const second = (event: AgentEvent): void => {
      if (event.type === 'sent' && event.attempt === 1) isAsleep = true;
    };
    await startAgent({ id: 1, data: [1, 0, 0, 0], listener: first });
    await startAgent({ id: 2, data: [0, 2, 0, 0], listener: second, mayStep: () => !isAsleep });
    const reference = startReference([10, 10, 10, 10]);
    await until(() => isAsleep && shared);
    await passStage();
    await passStage();
    isAsleep = false;
    const { result } = await reference;
    expect(result).to.deep.equal({ kind: 'finished', run: 7, attempt: 2, users: 3 });
    expect(((await coordinator.outcome(key)) as FinishedRun).result).to.deep.equal(Int32Array.of(11, 12, 10, 10));
  });

  it('gets a roster and sends a masked input that are longer than a part', async () => {
    const vecLen = 2 ** 17;
    const serials = Array.from({ length: vecLen }, (_, i) => 2 ** 20 + 3 * i);
    const list = { number: 1, issuedAt: Math.floor(Date.now() / 1000), serials };
    const revoked = await revocationListOf(parties.registrar.authority, registrarKey, list);
    const key = await openRun(2, { aggregate: { kind: 'integers', vecLen, bits: 64 } }, revoked);
    await startAgent({ id: 1, data: BigInt64Array.from(serials, (_, i) => BigInt(3 * i)) });
    const { result, sent } = await startReference(serials.map((_, i) => BigInt(i) - 2n ** 52n));
    expect(result).to.deep.equal({ kind: 'finished', run: 7, attempt: 1, users: 2 });
    expect(sent.answer).to.equal(6);
    const sum = ((await coordinator.outcome(key)) as FinishedRun).result as BigInt64Array;
    expect(sum.length).to.equal(vecLen);
    expect(sum.every((component, i) => component === 4n * BigInt(i) - 2n ** 52n)).to.equal(true);
  });
});
