// A ledger refuses what would exceed its budget, charges what was sent, and gives nothing back that left.
import { expect } from 'chai';
import fc from 'fast-check';
import { epsilonAtOrder } from '../../../src/dp/accounting/conversion.ts';
import { curveOf, ORDERS, valueAt, zeroCurve } from '../../../src/dp/accounting/curve.ts';
import { Ledger } from '../../../src/dp/ledger/ledger.ts';
import { SecAggError } from '../../../src/leaves/errors.ts';
import { noisedSum } from '../accounting/noised-sum.ts';

const OPTIONS = { epsilon: 2, delta: 1e-5, adjacency: 'zero-out' } as const;
/** Ten users at worst, twenty in the end: half the cost. */
const worst = { adjacency: 'zero-out', binding: 'plan 1', curve: curveOf(noisedSum({ noises: 10 })) } as const;
const actual = { ...worst, curve: curveOf(noisedSum({ noises: 20 })) } as const;
const verified = { ...actual, survivors: 'verified' } as const;

const codeOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return error instanceof SecAggError ? error.code : String(error);
  }
  return 'none';
};

/** The ledger with the first reservations that fit. */
function filled(ledger = new Ledger(OPTIONS)): { ledger: Ledger; count: number } {
  let count = 0;
  while (!ledger.wouldExceed(worst)) ledger.reserve({ id: `session ${count++}`, ...worst });
  return { ledger, count };
}

describe('the budget of a ledger', () => {
  it('may be asked for another one, of which what is charged is spent, too', () => {
    const { ledger, count } = filled();
    const budgetFor = (releases: number): { epsilon: number; delta: number } => {
      const { order, divergence } = filledWith(releases).spent();
      const delta = OPTIONS.delta;
      return { epsilon: epsilonAtOrder(order, divergence.charged * (1 + 1e-9), delta - delta / 10), delta };
    };
    const filledWith = (releases: number): Ledger => {
      const other = new Ledger(OPTIONS);
      for (let i = 0; i < releases; i++) other.reserve({ id: `${i}`, ...worst });
      return other;
    };
    const half = filledWith(Math.floor(count / 2));
    expect(half.wouldExceed(worst)).to.equal(false);
    expect(half.wouldExceed(worst, budgetFor(Math.floor(count / 2) + 1))).to.equal(false);
    expect(half.wouldExceed(worst, budgetFor(Math.floor(count / 2)))).to.equal(true);
    expect(half.wouldExceed(worst, { epsilon: 1e-9, delta: 1e-12 })).to.equal(true);
    expect(ledger.wouldExceed(worst, { epsilon: 100 * OPTIONS.epsilon, delta: OPTIONS.delta })).to.equal(false);
    expect(ledger.wouldExceed(worst)).to.equal(true);
    expect(() => ledger.wouldExceed(worst, { epsilon: 0, delta: OPTIONS.delta })).to.throw(RangeError, 'budget.epsilon');
    expect(() => ledger.wouldExceed(worst, { epsilon: 1, delta: 1 })).to.throw(RangeError, 'budget.delta');
  });

  it('is a divergence at one order, at which all charges together never give more than ε', () => {
    const { ledger, count } = filled();
    const { order, divergence, epsilon, guarantee } = ledger.spent();
    expect(divergence.charged).to.be.closeTo(count * valueAt(worst.curve, order), 1e-9);
    expect(epsilonAtOrder(order, divergence.charged, 0.9e-5))
      .to.equal(epsilon)
      .and.to.be.at.most(2);
    expect(epsilonAtOrder(order, divergence.budget, 0.9e-5)).to.be.closeTo(2, 1e-12);
    expect(guarantee).to.deep.equal({ epsilon: 2, delta: 1e-5 });
    expect(
      codeOf(() => {
        ledger.reserve({ id: 'one more', ...worst });
      }),
    ).to.equal('ERR_SECAGG_PRIVACY_BUDGET');
  });

  it('is kept by default at the order at which most Gaussian releases fit', () => {
    const fits = (order: number): number => filled(new Ledger({ ...OPTIONS, order })).count;
    const best = new Ledger(OPTIONS).terms.order;
    expect(fits(best)).to.equal(Math.max(...ORDERS.filter((order) => order > 8 && order < 40).map(fits)));
  });

  it('tells the least ε over all orders for information, which is no more than at its own order', () => {
    const { ledger } = filled(new Ledger({ ...OPTIONS, order: 32 }));
    const { epsilon, leastOverOrders } = ledger.spent();
    expect(leastOverOrders.epsilon).to.be.lessThan(epsilon);
    expect(leastOverOrders.order).to.be.lessThan(32);
  });

  it('is also one of δ: sessions that may protect less, and samplers that are off, use up their part', () => {
    const ledger = new Ledger({ ...OPTIONS, additiveDelta: 1e-6 });
    const free = { ...worst, curve: zeroCurve() };
    ledger.reserve({ id: 'a', ...free, failureProbability: 4e-7 });
    const moved = (1 + Math.exp(2)) * 5e-8;
    ledger.reserve({ id: 'b', ...free, curve: { ...free.curve, totalVariation: 5e-8 } });
    expect(ledger.spent().additiveDelta).to.deep.equal({ charged: 4e-7 + moved, budget: 1e-6 });
    const rest = { id: 'c', ...free, failureProbability: 2e-7 };
    expect(
      codeOf(() => {
        ledger.reserve(rest);
      }),
    ).to.equal('ERR_SECAGG_PRIVACY_BUDGET');
  });

  it('refuses a release of which nothing is known at its order', () => {
    const unknown = { ...worst, curve: { orders: [1.5], values: [0], totalVariation: 0 } };
    expect(new Ledger(OPTIONS).wouldExceed(unknown)).to.equal(true);
  });

  it('is refused if it is none', () => {
    for (const wrong of [
      { epsilon: 0 },
      { epsilon: -1 },
      { delta: 0 },
      { delta: 1 },
      { order: 1 },
      { additiveDelta: 1e-5 },
      { adjacency: 'add-remove' },
    ]) {
      expect(() => new Ledger({ ...OPTIONS, ...wrong } as never), JSON.stringify(wrong)).to.throw(RangeError);
    }
    expect(codeOf(() => new Ledger({ ...OPTIONS, epsilon: 0.1, order: 2 }))).to.equal('ERR_SECAGG_PRIVACY_TARGET');
    expect(() => new Ledger({ ...OPTIONS, orders: [2] } as never)).to.throw(TypeError);
  });
});

describe('an entry of a ledger', () => {
  const opened = (): Ledger => {
    const ledger = new Ledger(OPTIONS);
    ledger.reserve({ id: 'a', ...worst });
    return ledger;
  };
  const charged = (ledger: Ledger): number => ledger.spent().divergence.charged;
  const at = (curve: typeof worst.curve): number => valueAt(curve, new Ledger(OPTIONS).terms.order);

  it('is charged the worst case from its reservation on', () => {
    expect(charged(opened())).to.equal(at(worst.curve));
  });

  it('is charged what the receipt says if the owner has verified who survived', () => {
    const ledger = opened();
    ledger.sent('a');
    ledger.settle('a', verified);
    expect(charged(ledger)).to.equal(at(actual.curve));
  });

  it('stays charged at the worst case if somebody else says who survived', () => {
    const ledger = opened();
    ledger.settle('a', { ...actual, survivors: 'claimed' });
    expect(charged(ledger)).to.equal(at(worst.curve));
    expect(
      codeOf(() => {
        ledger.settle('a', verified);
      }),
    ).to.equal('ERR_SECAGG_PRIVACY_ENTRY');
  });

  it('stays charged at the worst case if the session failed', () => {
    const ledger = opened();
    ledger.sent('a');
    ledger.fail('a');
    expect(charged(ledger)).to.equal(at(worst.curve));
    expect(
      codeOf(() => {
        ledger.settle('a', verified);
      }),
    ).to.equal('ERR_SECAGG_PRIVACY_ENTRY');
  });

  it('is given back if nothing was sent, and only then', () => {
    const ledger = opened();
    ledger.release('a');
    expect(charged(ledger)).to.equal(0);
    ledger.reserve({ id: 'b', ...worst });
    ledger.sent('b');
    expect(
      codeOf(() => {
        ledger.release('b');
      }),
    ).to.equal('ERR_SECAGG_PRIVACY_ENTRY');
    expect(charged(ledger)).to.equal(at(worst.curve));
  });

  it('has an id that is never reserved again, even after it was given back', () => {
    const ledger = opened();
    expect(
      codeOf(() => {
        ledger.reserve({ id: 'a', ...worst });
      }),
    ).to.equal('ERR_SECAGG_PRIVACY_ENTRY');
    ledger.release('a');
    expect(
      codeOf(() => {
        ledger.reserve({ id: 'a', ...worst });
      }),
    ).to.equal('ERR_SECAGG_PRIVACY_ENTRY');
  });

  it('changes nothing if the same is said twice', () => {
    const ledger = opened();
    const twice = (call: () => void): void => {
      call();
      const { revision } = ledger.progress();
      call();
      expect(ledger.progress().revision).to.equal(revision);
    };
    twice(() => {
      ledger.sent('a');
    });
    twice(() => {
      ledger.settle('a', verified);
    });
    ledger.reserve({ id: 'b', ...worst });
    twice(() => {
      ledger.fail('b');
    });
    ledger.reserve({ id: 'c', ...worst });
    twice(() => {
      ledger.release('c');
    });
  });

  it('is charged what was reserved, if the receipt of another engine is above it by the last digits', () => {
    const ledger = opened();
    const { curve } = worst;
    const elsewhere = { ...curve, values: curve.values.map((value) => value * (1 + 2 ** -50)) };
    ledger.settle('a', { ...worst, curve: elsewhere, survivors: 'verified' });
    expect(charged(ledger)).to.equal(at(curve));
    expect(charged(Ledger.fromState(ledger.serializeState()))).to.equal(at(curve));
    ledger.reserve({ id: 'b', ...worst });
    const more = { ...curve, values: curve.values.map((value) => value * (1 + 1e-8)) };
    expect(
      codeOf(() => {
        ledger.settle('b', { ...worst, curve: more, survivors: 'verified' });
      }),
    ).to.equal('ERR_SECAGG_PRIVACY_RECEIPT');
  });

  it('takes no receipt of another session, of another adjacency, or that costs more than was reserved', () => {
    const ledger = opened();
    const wrong = [
      { ...verified, binding: 'plan 2' },
      { ...verified, adjacency: 'replace-one' as const },
      { ...verified, curve: curveOf(noisedSum({ noises: 9 })) },
      { ...verified, failureProbability: 1e-12 },
    ];
    const before = ledger.serializeState();
    for (const receipt of wrong) {
      expect(
        codeOf(() => {
          ledger.settle('a', receipt);
        }),
        JSON.stringify(receipt.binding),
      ).to.equal('ERR_SECAGG_PRIVACY_RECEIPT');
    }
    expect(
      codeOf(() => {
        ledger.reserve({ id: 'b', ...worst, adjacency: 'replace-one' });
      }),
    ).to.equal('ERR_SECAGG_PRIVACY_RECEIPT');
    expect(
      codeOf(() => {
        ledger.settle('elsewhere', verified);
      }),
    ).to.equal('ERR_SECAGG_PRIVACY_ENTRY');
    expect(ledger.serializeState()).to.equal(before);
    expect(() => {
      ledger.settle('a', actual as never);
    }).to.throw(RangeError);
  });
});

describe('a server’s ledger', () => {
  const server = (): Ledger => new Ledger({ ...OPTIONS, subject: 'server' });

  it('counts the user with most: cohorts of one run cost what one costs', () => {
    const ledger = server();
    const one = valueAt(worst.curve, ledger.terms.order);
    ledger.reserve({ id: 'run 1, cohort 0', ...worst, users: [1, 2, 3] });
    ledger.reserve({ id: 'run 1, cohort 1', ...worst, users: [6, 5, 4] });
    expect(ledger.spent().divergence.charged).to.equal(one);
    ledger.reserve({ id: 'run 2', ...worst, users: [3, 4] });
    expect(ledger.spent().divergence.charged).to.equal(2 * one);
  });

  it('refuses a session with one user who has too little left, and takes it without that user', () => {
    const ledger = server();
    for (let i = 0; !ledger.wouldExceed({ ...worst, users: [7] }); i++) ledger.reserve({ id: `${i}`, ...worst, users: [7] });
    expect(
      codeOf(() => {
        ledger.reserve({ id: 'last', ...worst, users: [7, 8] });
      }),
    ).to.equal('ERR_SECAGG_PRIVACY_BUDGET');
    ledger.reserve({ id: 'last', ...worst, users: [8] });
  });

  it('needs the users of each session, which a participant’s ledger does not take', () => {
    expect(() => {
      server().reserve({ id: 'a', ...worst });
    }).to.throw(TypeError);
    expect(() => {
      server().reserve({ id: 'a', ...worst, users: [] });
    }).to.throw(RangeError);
    expect(() => {
      server().reserve({ id: 'a', ...worst, users: [1, 1] });
    }).to.throw(RangeError);
    expect(() => {
      new Ledger(OPTIONS).reserve({ id: 'a', ...worst, users: [1] });
    }).to.throw(TypeError);
  });
});

describe('any course of a ledger', () => {
  it('never exceeds its budget, and is the same after each recovery', () => {
    const calls = ['reserve', 'sent', 'settle', 'claim', 'fail', 'release'] as const;
    const step = fc.tuple(fc.constantFrom(...calls), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 30 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let ledger = new Ledger({ ...OPTIONS, epsilon: 0.9 });
        for (const [call, number, noises] of steps) {
          const cost = { adjacency: 'zero-out', binding: '', curve: curveOf(noisedSum({ noises })) } as const;
          const id = `${number}`;
          codeOf(() => {
            if (call === 'reserve') ledger.reserve({ id, ...cost });
            else if (call === 'settle') ledger.settle(id, { ...cost, survivors: 'verified' });
            else if (call === 'claim') ledger.settle(id, { ...cost, survivors: 'claimed' });
            else ledger[call](id);
          });
          const { charged, budget } = ledger.spent().divergence;
          expect(charged).to.be.at.most(budget);
          const again = Ledger.fromState(ledger.serializeState(), { head: ledger.progress().head });
          expect(again.progress()).to.deep.equal(ledger.progress());
          expect(again.spent()).to.deep.equal(ledger.spent());
          ledger = again;
        }
      }),
      { numRuns: 40 },
    );
  });
});
