// What the page to take part tells its visitor, without a browser: from events of an agent and views of the service.
import { expect } from 'chai';
import { genKeypair } from '../../src/index.ts';
import { Publisher, Registrar, Task, type TaskDefinition } from '../../src/service/index.ts';
import type { AgentEvent, AgentProgress } from '../../src/agent/index.ts';
import { Part } from '../../examples/pages/page/part.ts';
import { refusalOf } from '../../examples/pages/page/refusal.ts';
import { LANGUAGES } from '../../examples/pages/page/texts.ts';
import { aggregateOf, groupOf, leastOf, spentAfter, windowsOf, type ServiceOptions } from '../../examples/pages/terms.ts';
import type { RunView, ServiceView } from '../../examples/pages/watching.ts';

const OPTIONS: ServiceOptions = { companions: 20, visitors: 1, silent: 2, patience: 6, runs: 3, epsilon: 8 };

const definition: TaskDefinition = new Task({
  ...{ name: 'digits', group: groupOf(OPTIONS), attempts: 3, windows: windowsOf(OPTIONS), minUsers: leastOf(OPTIONS) },
  ...{ aggregate: aggregateOf(OPTIONS, groupOf(OPTIONS)), retention: 3600, development: true },
  publisher: new Publisher({ keypair: genKeypair() }).publicKey,
  registrar: new Registrar({ keypair: genKeypair(), scope: 'development' }).authority,
}).definition;

function runAt(run: number, stage: RunView['stage']): RunView {
  const none = { participants: 0, selected: 0, lost: 0, rounds: [], code: null, included: 0, accuracy: null, spent: null };
  return { run, stage, ...none };
}

/** The runs before are finished. */
function viewAt(run: number, stage: RunView['stage'], planned = 3): ServiceView {
  const before = Array.from({ length: run - 1 }, (_, i) => runAt(i + 1, 'finished'));
  const service = { task: '', companions: 20, visitors: 1, present: 1, addresses: [], testImages: 1, accuracy: 0, budget: null };
  return { ...service, planned, runs: [...before, runAt(run, stage)] };
}

function progressAt(phase: AgentProgress['phase'], run: number | null = null, participations = 0): AgentProgress {
  return { phase, run, attempt: null, participations, superseded: false };
}

const IDLE = progressAt('idle');

describe('what a visitor is told of its part', () => {
  let part: Part;
  const partWith = (mostSums: number): Part => new Part(definition, { consent: '', mostSums, pause: 0, digits: null });
  beforeEach(() => (part = partWith(3)));

  it('who comes while a run is in its rounds has missed it, until the next run begins', () => {
    part.look(viewAt(1, 'session'));
    expect(part.missed, 'before the agent has read its state').to.equal(null);
    part.follow(IDLE);
    expect(part.missed).to.equal(1);
    part.look(viewAt(1, 'finished'));
    expect(part.missed).to.equal(null);
    part.look(viewAt(2, 'check-in'));
    expect(part.missed).to.equal(null);
  });

  it('who comes while others train has missed the run; who has checked in has not, although its agent knows of nothing yet', () => {
    part.look(viewAt(1, 'training'));
    part.follow(IDLE);
    expect(part.missed).to.equal(1);
    const other = partWith(3);
    other.look(viewAt(1, 'check-in'));
    other.follow(IDLE);
    other.look(viewAt(1, 'training'));
    expect(other.missed).to.equal(null);
  });

  it('who was in a run has not missed it, although the service says a little later that it is over', () => {
    part.look(viewAt(1, 'session'));
    part.hear({ type: 'enrolled', run: 1, attempt: 1, users: 21 }, progressAt('session', 1));
    part.hear({ type: 'done', run: 1, finished: true, sent: true }, progressAt('idle', null, 1));
    expect(part.missed).to.equal(null);
    expect(part.messages).to.deep.equal([{ what: 'done', run: 1 }]);
  });

  it('who is in two tabs that take turns is told in both that the masked numbers are sent, until the next run begins', () => {
    const inSession = { phase: 'session', attempt: 1, superseded: false } as const;
    part.look(viewAt(1, 'session'));
    part.hear({ type: 'enrolled', run: 1, attempt: 1, users: 21 }, { ...inSession, run: 1, participations: 0 });
    part.hear({ type: 'sent', run: 1, attempt: 1, round: 0 }, { ...inSession, run: 1, participations: 0 });
    part.follow({ ...inSession, run: 1, participations: 0 });
    expect(part.hasSent).to.equal(false);
    part.follow({ ...inSession, run: 1, participations: 1 });
    expect(part.hasSent).to.equal(true);
    part.follow({ ...inSession, run: 2, participations: 1 });
    expect(part).to.include({ hasSent: false, users: null });
  });

  const refused = (code: string): AgentEvent => ({ type: 'refused', run: 1, code, message: 'the coordinator refuses' });

  it('a refusal stays although the attempt ends with it, and goes when the next run begins', () => {
    part.look(viewAt(1, 'session'));
    part.hear({ type: 'enrolled', run: 1, attempt: 1, users: 21 }, progressAt('session', 1));
    part.hear(refused('ERR_SECAGG_LATE'), progressAt('session', 1));
    part.hear({ type: 'attempt-failed', run: 1, attempt: 1, code: null }, progressAt('awaiting', 1));
    expect(part.refusal).to.deep.equal({ kind: 'late', code: 'ERR_SECAGG_LATE' });
    part.hear({ type: 'done', run: 1, finished: true, sent: false }, IDLE);
    expect(part.refusal?.kind).to.equal('late');
    part.look(viewAt(2, 'check-in'));
    expect(part.refusal).to.equal(null);
  });

  it('a refusal goes when the server takes the answer after all', () => {
    part.look(viewAt(1, 'session'));
    part.hear(refused('ERR_SECAGG_OVERLOAD'), progressAt('session', 1));
    expect(part.refusal?.kind).to.equal('busy');
    part.hear({ type: 'sent', run: 1, attempt: 1, round: 0 }, progressAt('session', 1));
    expect(part.refusal).to.equal(null);
  });

  it('a step that has failed is told until the server answers again', () => {
    part.hear({ type: 'step-failed', error: new Error('no network'), retryIn: 500 }, IDLE);
    expect(part.isNetworkLost).to.equal(true);
    part.follow(IDLE);
    expect(part.isNetworkLost).to.equal(false);
  });

  it('a limit that is reached is known without any refusal, also to a page that was opened again, and in no run before', () => {
    part = partWith(2);
    part.look(viewAt(2, 'session'));
    part.follow(progressAt('session', 2, 2));
    expect(part.limit).to.equal(null);
    expect(part.mayTakePart).to.equal(true);
    part.follow(progressAt('idle', null, 2));
    expect(part.limit).to.equal('sums');
    expect(part.mayTakePart).to.equal(false);
  });

  it('the budget is used up after as many runs as it was made for', () => {
    part = partWith(100);
    part.look(viewAt(3, 'check-in', 100));
    part.follow(progressAt('idle', null, 2));
    expect(part.limit).to.equal(null);
    part.follow(progressAt('idle', null, 3));
    expect(part.limit).to.equal('budget');
  });

  it('nobody waits for a run who has left, or for whom all runs are over', () => {
    part.look(viewAt(3, 'check-in'));
    expect(part.mayTakePart, 'before the agent has read its state').to.equal(false);
    part.follow(IDLE);
    expect(part.mayTakePart).to.equal(true);
    part.look(viewAt(3, 'finished'));
    expect(part.isOver).to.equal(true);
    expect(part.mayTakePart).to.equal(false);
    const other = partWith(3);
    other.look(viewAt(1, 'check-in'));
    other.follow(IDLE);
    other.leave();
    expect(other.mayTakePart).to.equal(false);
  });
});

describe('the sentences about refusals', () => {
  const codes = ['ERR_SECAGG_STORE', 'ERR_SECAGG_RUN', 'ERR_SECAGG_CERTIFICATE', 'ERR_SECAGG_RETIRED', 'ERR_SECAGG_FLOOR'];
  for (const [language, { refusal }] of Object.entries(LANGUAGES)) {
    it(`have no code but where it is all that is known (${language})`, () => {
      const sentences = [...codes, 'ERR_SECAGG_SPENT'].map((code) => refusal[refusalOf(code).kind](code));
      expect(new Set(sentences)).to.have.lengthOf(6);
      for (const sentence of sentences) expect(sentence).not.to.contain('ERR_');
      expect(refusal[refusalOf('ERR_SECAGG_DECODE').kind]('ERR_SECAGG_DECODE')).to.contain('ERR_SECAGG_DECODE');
    });
  }
});

describe('the ε of the pages', () => {
  it('is nothing before the first run, grows with each, and is the budget after the last', () => {
    const [none, one, two, three] = [0, 1, 2, 3].map((runs) => spentAfter(runs, definition)!);
    expect(none).to.equal(0);
    expect(one).to.be.above(0).and.below(two!);
    expect(two).to.be.below(three!);
    expect(three).to.be.closeTo(8, 0.01).and.at.most(8);
    const exact = { ...definition, aggregate: aggregateOf({ ...OPTIONS, epsilon: null }, groupOf(OPTIONS)) };
    expect(spentAfter(1, exact)).to.equal(null);
  });
});
