// A server that is made anew for each message, from rows: it says what a server says that holds everything.
import { expect } from 'chai';
import { SecAggError, ServerWrapper, type ServerOutputWrapper } from '../../src/index.ts';
import { neighborhoodsOf } from '../../src/graph/graph.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { hasMember, positions } from '../../src/leaves/members.ts';
import type { Position } from '../../src/leaves/positions.ts';
import { CIPHERTEXT_BYTES, RECORD_BYTES } from '../../src/leaves/sizes.ts';
import { ringOf } from '../../src/masking/ring.ts';
import { vectorOf } from '../../src/masking/vector.ts';
import { collectingState, enterEntry, entryOf, filedDealOf, type RoundSets } from '../../src/server/entries.ts';
import { newServerSnapshot, serverLocals } from '../../src/server/options.ts';
import { serverProgress } from '../../src/server/progress.ts';
import { enterMessage } from '../../src/server/receiving.ts';
import { roundOf } from '../../src/server/rounds.ts';
import type { CollectingState, FiledDeal, ServerContext, ServerSnapshot } from '../../src/server/state.ts';
import { sessionTag } from '../../src/session/binding.ts';
import { Recovered } from '../../src/session/codec.ts';
import type { Deal } from '../../src/session/messages.ts';
import { rebody } from '../support/forge.ts';
import { Session, type Setup } from '../support/session.ts';
import { sparseSession } from '../support/sparse.ts';
import { closingWork, seededRandom } from '../support/step-session.ts';

interface Row {
  readonly digest: Uint8Array;
  readonly entry: Uint8Array | null;
}

/** All that is kept between two messages: rows, sets, records and a sum. */
class StoredServer {
  readonly context: ServerContext;
  readonly rows = Array.from({ length: 5 }, () => new Map<UserId, Row>());
  /** The records of each owner. */
  readonly records = new Map<Position, Uint8Array>();
  sets: RoundSets | null = null;
  sum = new Uint8Array();
  dropped: ServerSnapshot['dropped'] = [];
  round = 0;
  /** What was not read. */
  hidden: 'all deals' | 'their records' | null = null;

  constructor({ setup }: Session) {
    const { context } = newServerSnapshot(setup.threshold, setup.vecLen, { ...setup.options, publicKeys: setup.registered.pki });
    this.context = { ...context, tag: sessionTag(context.parameters) };
  }

  /** The deals of some owners. Of their records, only the commitments to one holder's shares are read. */
  filed(owners: Iterable<Position>, holder: Position | null): Map<Position, FiledDeal> {
    const { sets, context } = this;
    if (sets === null || this.hidden === 'all deals') return new Map();
    const graph = neighborhoodsOf(context.parameters.graph, sets.directory.size);
    const deals = new Map<Position, FiledDeal>();
    for (const owner of owners) {
      const row = this.rows[1]!.get(sets.directory.userIdAt(owner));
      if (row === undefined) continue;
      const commitmentsTo: FiledDeal['commitmentsTo'] = (_, to) => {
        if (to !== holder || to === owner || this.hidden === 'their records') return undefined;
        const at = graph.neighborIndex(owner, to) * RECORD_BYTES;
        return this.records.get(owner)!.subarray(at + CIPHERTEXT_BYTES, at + RECORD_BYTES);
      };
      deals.set(owner, filedDealOf(context.parameters, row.entry!, commitmentsTo));
    }
    return deals;
  }

  recv(sender: number, bytes: Uint8Array): 'accepted' | 'repeated' {
    const id = sender as UserId;
    const { sets, context } = this;
    const position = sets?.directory.positionOf(id) ?? null;
    const around = sets === null || position === null || this.round !== 4 ? [] : positions(sets.u2!);
    const deals = this.filed(this.round === 2 && position !== null ? [position] : around, position);
    const state = collectingState(sets, deals, this.sum);
    if (state.phase === 'advertise-keys')
      for (const [user, { entry }] of this.rows[0]!) enterEntry(context.parameters, state, user, entry);
    if (state.phase === 'advertise-keys') {
      for (const { channelKey, maskKey } of state.advertisements.values()) {
        for (const key of [channelKey, maskKey]) state.keys.add(Buffer.from(key).toString('hex'));
      }
    }
    const received = this.rows.map((rows) => {
      const row = rows.get(id);
      return new Map(row === undefined ? [] : [[id, row.digest]]);
    });
    const accepted = enterMessage(
      context,
      { revision: 0, context, received, dropped: [], state },
      { sender: id, bytes, closing: false },
    );
    if (accepted === null) return 'repeated';
    if (state.phase === 'share-keys') {
      const place = state.directory.positionOf(id)!;
      this.records.set(place, (state.deals.get(place) as Deal).sealed);
    }
    this.rows[this.round]!.set(id, { digest: accepted.digest, entry: entryOf(state, id) });
    this.dropped = [...this.dropped, ...accepted.dropped];
    return 'accepted';
  }

  /** The state with all that was heard in this round. */
  whole(): CollectingState {
    const { sets, context } = this;
    const state = collectingState(sets, sets === null ? new Map() : this.filed(sets.directory.positions, null), this.sum);
    for (const [id, { entry }] of this.rows[this.round]!) enterEntry(context.parameters, state, id, entry);
    return state;
  }

  progress(): ReturnType<typeof serverProgress> {
    const state = this.whole();
    const revision = this.round + this.rows.reduce((sum, rows) => sum + rows.size, 0);
    const received = this.rows.map((rows) => new Map([...rows].map(([id, { digest }]) => [id, digest])));
    return serverProgress(this.context, { revision, context: this.context, received, dropped: this.dropped, state });
  }

  /** @returns the sum after round 4. */
  async close(): Promise<ReturnType<typeof vectorOf> | null> {
    const { context } = this;
    const collecting = this.whole();
    const { state, dropped } = await roundOf(collecting).close(context, collecting, closingWork(seededRandom('graph')));
    this.dropped = [...this.dropped, ...dropped];
    this.round++;
    if (state.phase === 'finished') return vectorOf(ringOf(context.parameters.bits), state.sum);
    const { directory, directoryDigest } = state;
    const [u2, view2] = 'u2' in state ? [state.u2, state.view2] : [null, null];
    const [u3, view3] = 'u3' in state ? [state.u3, state.view3] : [null, null];
    this.sets = { directory, directoryDigest, u2, view2, u3, view3, u4: 'u4' in state ? state.u4 : null };
    if ('sum' in state) this.sum = Uint8Array.from(state.sum);
    return null;
  }
}

/** A session whose server draws the graph that the stored one draws. */
function withSeededGraph(session: Session): Session {
  const { setup } = session;
  const snapshot = newServerSnapshot(setup.threshold, setup.vecLen, { ...setup.options, publicKeys: setup.registered.pki });
  session.server = new ServerWrapper(new Recovered(snapshot, serverLocals({ threads: 0 }, seededRandom('graph'))));
  return session;
}

/** What a call gives: its value, or all that its error tells. */
function outcomeOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof SecAggError)) throw error;
    const { code, message } = error;
    return { code, message, userIds: 'userIds' in error ? error.userIds : null };
  }
}

const COMPLETE: Partial<Setup> = { ids: [3, 5, 8, 13, 21, 34, 2 ** 53 - 1], threshold: 4, vecLen: 5, options: { bits: 21 } };

describe('a server that is made from rows', function () {
  this.timeout(30_000);
  for (const [graph, begun] of [
    ['the complete graph', (): Session => new Session(COMPLETE)],
    ['a sparse graph', (): Session => sparseSession(11, { neighbors: 6, shareThreshold: 4 }, { threshold: 7 })],
  ] as const) {
    it(`says after each message what a server says that holds everything, with dropouts and lies, on ${graph}`, async () => {
      const session = withSeededGraph(begun());
      const stored = new StoredServer(session);
      const { ids } = session.setup;
      const [first, second, third] = [ids[0]!, ids[1]!, ids[2]!];
      const same = (sender: number, bytes: Uint8Array): void => {
        const said = outcomeOf(() => session.server.recv(sender, bytes));
        expect(outcomeOf(() => stored.recv(sender, bytes))).to.deep.equal(said);
        expect(stored.progress()).to.deep.equal(session.server.progress());
      };
      const earlier: [number, Uint8Array][] = [];
      let output: ServerOutputWrapper | null = null;
      for (let round = 0; round <= 4; round++) {
        const answers = await session.answers(round === 2 ? [ids.at(-1)!] : []);
        for (const [sender, honest] of answers) {
          const other = sender === first ? second : first;
          same(other, honest); // not its sender
          same(99, honest); // not registered
          const forged = Uint8Array.from(honest);
          forged[forged.length - 1]! ^= 1;
          same(sender, forged);
          const view = await rebody(session, sender, Uint8Array.from(honest), (body) => body.fill(round === 0 ? 0 : 7, 0, 32));
          same(sender, view); // made for another view, or no key
          if (round === 4 && sender === third) {
            // One share is wrong: the rest counts, and the sender is named.
            const wrong = await rebody(session, sender, Uint8Array.from(honest), (body) => {
              body[body.length - 1]! ^= 1;
            });
            same(sender, wrong);
          }
          same(sender, honest);
          same(sender, honest);
          same(sender, await rebody(session, sender, Uint8Array.from(honest), (body) => body.subarray(1)));
        }
        for (const [sender, bytes] of earlier) same(sender, bytes);
        earlier.push([...answers][0]!);
        output = await session.close();
        const sum = await stored.close();
        if (round === 4) expect(sum).to.deep.equal(output.getVector());
        else expect(stored.progress()).to.deep.equal(session.server.progress());
        if (round === 1) expect([...session.messages.keys()]).to.have.length(ids.length);
      }
      const sum = Array.from(output!.getVector() as Int32Array, BigInt);
      session.expectSum(sum, ids.slice(0, -1));
    });
  }

  it('throws rather than name a sender whose share it cannot compare with its commitment', async () => {
    const session = withSeededGraph(new Session(COMPLETE));
    const stored = new StoredServer(session);
    for (let round = 0; round < 4; round++) {
      for (const [sender, bytes] of await session.answers()) {
        session.server.recv(sender, bytes);
        stored.recv(sender, bytes);
      }
      await session.close();
      await stored.close();
    }
    const [[sender, bytes]] = [...(await session.answers())] as [[number, Uint8Array]];
    for (const hidden of ['all deals', 'their records'] as const) {
      stored.hidden = hidden;
      expect(outcomeOf(() => stored.recv(sender, bytes))).to.deep.include({ code: 'ERR_SECAGG_STATE' });
      stored.hidden = null;
    }
    expect(stored.recv(sender, bytes)).to.equal('accepted');
    expect(hasMember(stored.sets!.u4!, stored.sets!.directory.positionOf(sender as UserId)!)).to.equal(true);
  });
});
