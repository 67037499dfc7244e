// What a server could try against users on a sparse graph in rounds 2 and 3: sets of survivors that isolate a user, or differ from place
// to place.
import { expect } from 'chai';
import { membersOf, positions, type Members } from '../../../src/leaves/members.ts';
import type { Field } from '../../../src/wire/msgpack.ts';
import { refused, rejected } from '../../support/errors.ts';
import { refields } from '../../support/forge.ts';
import { lied, refuses, USERS, type Shares } from '../../support/sparse-lies.ts';

describe('a lying server on a sparse graph, round 2: U2', () => {
  const setsTo =
    (members: (all: number[]) => number[]) =>
    (fields: Field[]): Field[] => {
      const [u2, receiver, sealed] = fields as Shares;
      const changed = membersOf(members(positions(u2)), USERS);
      return [changed, receiver, sealed];
    };

  it('fewer users than the threshold, or the victim not among them', async () => {
    const at = await lied(2);
    await refuses(
      at,
      'ERR_SECAGG_THRESHOLD',
      setsTo((all) => [...all.slice(0, 10), 19]),
    );
    const other = await lied(2);
    await refuses(
      other,
      'ERR_SECAGG_NOT_INCLUDED',
      setsTo((all) => all.filter((place) => place !== other.place)),
    );
  });

  it('an isolated user: so many of its neighbors gone that nobody could open its mask but who hides them', async () => {
    const at = await lied(2);
    const error = await rejected(
      'ERR_SECAGG_THRESHOLD',
      at.session.user(at.victim).round(
        refields(at.session, at.session.messages.get(at.victim)!, (fields) => {
          const [u2, receiver, sealed] = fields as Shares;
          const left = positions(u2).filter((place) => place !== 4 && place !== 10);
          return [membersOf(left, USERS), receiver, sealed.subarray(136, 5 * 136)];
        }),
      ),
    );
    expect(error).to.deep.include({ have: 4, need: 5, userIds: [at.victim] });
  });

  it('records of a neighbor held back, or of somebody who is no neighbor added', async () => {
    await refuses(await lied(2), 'ERR_SECAGG_COUNT', (fields) => {
      const [u2, receiver, sealed] = fields as Shares;
      return [u2, receiver, sealed.subarray(136)];
    });
    await refuses(await lied(2), 'ERR_SECAGG_COUNT', (fields) => {
      const [u2, receiver, sealed] = fields as Shares;
      return [u2, receiver, Uint8Array.from([...sealed, ...sealed.subarray(0, 136)])];
    });
  });

  it('another U2 for one user, in places far from it: its masks are made for another view, and its input is refused', async () => {
    const { session, victim } = await lied(2);
    const lie = refields(
      session,
      session.messages.get(victim)!,
      setsTo((all) => all.filter((place) => place !== 17)),
    );
    const answer = await session.user(victim).round(lie);
    refused('ERR_SECAGG_VIEW', () => session.server.recv(victim, answer));
  });
});

describe('a lying server on a sparse graph, round 3: U3', () => {
  const setsTo =
    (members: (all: number[]) => number[]) =>
    ([u3]: Field[]): Field[] => [membersOf(members(positions(u3 as Members)), USERS)];

  it('users that are not in U2, the victim not among them, or fewer than the threshold', async () => {
    const at = await lied(3, [[], [2]]);
    await refuses(
      at,
      'ERR_SECAGG_SUBSET',
      setsTo((all) => [...all, 2]),
    );
    const other = await lied(3);
    await refuses(
      other,
      'ERR_SECAGG_NOT_INCLUDED',
      setsTo((all) => all.filter((place) => place !== other.place)),
    );
    await refuses(
      await lied(3),
      'ERR_SECAGG_THRESHOLD',
      setsTo((all) => all.slice(0, 13)),
    );
  });

  it('the neighbors of a user lied away: it does not sign that they are gone', async () => {
    const error = await (async () => {
      const at = await lied(3);
      const lie = refields(
        at.session,
        at.session.messages.get(at.victim)!,
        setsTo((all) => all.filter((place) => place !== 6 && place !== 8)),
      );
      return rejected('ERR_SECAGG_THRESHOLD', at.session.user(at.victim).round(lie));
    })();
    expect(error).to.deep.include({ have: 4, need: 5 });
  });

  it('another U3 than others, wherever in the graph it differs: what the user signs is refused, and no second time is signed', async () => {
    const { session, victim } = await lied(3);
    const lie = refields(
      session,
      session.messages.get(victim)!,
      setsTo((all) => all.filter((place) => place !== 17)),
    );
    const signed = await session.user(victim).round(lie);
    refused('ERR_SECAGG_VIEW', () => session.server.recv(victim, signed));
    await rejected('ERR_SECAGG_EQUIVOCATION', session.user(victim).round(session.messages.get(victim)!));
  });
});
