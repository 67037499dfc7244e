// A participant that is certified and signs whatever it likes: each request is answered or refused, and the others get their sum.
import { expect } from 'chai';
import fc from 'fast-check';
import { SecAggError } from '../../src/index.ts';
import { decodeRequest, type Request, type RequestKind } from '../../src/service/request.ts';
import { RawParticipant } from '../support/service-world/raw-participant.ts';
import { SmallService } from '../support/service-world/small-service.ts';
import { useLightEngine } from '../support/service-world/light-engine.ts';
import { CASES, TIMEOUT } from './cases.ts';

const KINDS: readonly RequestKind[] = ['hello', 'check-in', 'ready', 'next', 'answer', 'outcome', 'leave', 'certificates'];
/** Runs; each of them is fuzzed from its check-in to its end. */
const RUNS = Math.ceil(CASES / 1000);

const integer = fc.oneof({ weight: 5, arbitrary: fc.nat(4) }, fc.constantFrom(2 ** 20, 2 ** 32, Number.MAX_SAFE_INTEGER));
const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });

/** A request that is not what it should be; what is left out is as it should be. */
function anything(bodies: readonly Uint8Array[]): fc.Arbitrary<readonly [RequestKind, Partial<Request>]> {
  const real = fc.constantFrom(...bodies);
  const cut = fc.tuple(real, fc.nat()).map(([body, at]) => body.slice(0, at % (body.length + 1)));
  const changed = fc.tuple(real, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([body, at, by]) => {
    const copy = body.slice();
    if (copy.length > 0) copy[at % copy.length]! ^= by;
    return copy;
  });
  const fields = fc.record(
    {
      place: fc.record({ run: integer, attempt: integer, round: integer }),
      token: fc.oneof(bytes(0), bytes(40)),
      sequence: integer,
      offset: integer,
      total: integer,
      sha256: bytes(32),
      body: fc.oneof({ weight: 3, arbitrary: real }, cut, changed, fc.uint8Array({ maxLength: 60 })),
    },
    { requiredKeys: [] },
  );
  return fc.tuple(fc.constantFrom(...KINDS), fields);
}

describe('a certified participant that signs anything', () => {
  useLightEngine();

  it('is answered or refused, and changes nothing of the sum of the others', async function () {
    this.timeout(TIMEOUT);
    const service = await SmallService.open({ users: 5, people: 5, definition: { minUsers: 4 } });
    const [liar, ...honest] = service.parties.people;
    const raw = new RawParticipant(service.parties.task, liar!);
    const bodies: Uint8Array[] = [new Uint8Array()];
    let asked = 0;
    const lie = async (seed: number): Promise<void> => {
      const [sample] = fc.sample(anything(bodies), { numRuns: 1, seed });
      const [kind, changes] = sample!;
      asked++;
      try {
        await raw.ask(service.coordinator, kind, { place: { run: 1 + (seed % 3), attempt: 1, round: seed % 5 }, ...changes });
      } catch (error) {
        if (!(error instanceof SecAggError)) throw error;
      }
    };
    const exchange = async (request: Uint8Array): Promise<Uint8Array> => {
      const { body } = decodeRequest(request);
      if (bodies.length < 200) bodies.push(body.slice());
      for (let i = 0; i < 20; i++) await lie(asked);
      return service.coordinator.answer(request);
    };
    const participants = honest.map((person) => service.participant(person, { exchange }));
    for (let number = 1; number <= RUNS; number++) {
      const run = await service.openRun();
      const outcome = await service.end(run, participants);
      if (outcome.kind !== 'finished') throw new Error(outcome.code);
      expect(outcome.included).to.include.members(honest.map(({ id }) => id));
      const sum = (of: (id: number) => number): number => outcome.included.reduce((total, id) => total + of(id), 0);
      expect(Array.from(outcome.result as Int32Array)).to.deep.equal([sum((id) => id), sum(() => number), sum((id) => -id)]);
    }
    expect(asked).to.be.greaterThan(RUNS * 500);
  });
});
