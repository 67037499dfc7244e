// Requests that come together share a look at the run.
import { expect } from 'chai';
import { Turns } from '../../src/coordinator/turns.ts';
import { rejected } from '../support/errors.ts';
import { SmallService } from '../support/service-world/small-service.ts';

/** Work that a test ends, and how often it was begun. */
class Work {
  begun = 0;
  #end: ((error?: Error) => void) | null = null;

  readonly do = (): Promise<number> => {
    const turn = ++this.begun;
    return new Promise((resolve, reject) => {
      this.#end = (error) => {
        if (error === undefined) resolve(turn);
        else reject(error);
      };
    });
  };

  async end(error?: Error): Promise<void> {
    this.#end?.(error);
    await new Promise(setImmediate);
  }
}

describe('turns of a look at a run', () => {
  it('are shared by all who come while another one goes on, and never by those who came before it ended', async () => {
    const [turns, work] = [new Turns<number>(), new Work()];
    const first = turns.take('run 1', work.do);
    const others = [turns.take('run 1', work.do), turns.take('run 1', work.do)];
    expect(work.begun).to.equal(1);
    await work.end();
    expect(await first).to.equal(1);
    expect(work.begun).to.equal(2);
    const late = turns.take('run 1', work.do);
    await work.end();
    expect(await Promise.all(others)).to.deep.equal([2, 2]);
    await work.end();
    expect(await late).to.equal(3);
    void turns.take('run 1', work.do);
    expect(work.begun, 'nobody is waited for').to.equal(4);
  });

  it('are over once those are that go on or wait, of any run and however they end', async () => {
    const [turns, one, two] = [new Turns<number>(), new Work(), new Work()];
    const taken = [turns.take('run 1', one.do), turns.take('run 1', one.do), turns.take('run 2', two.do)];
    let isOver = false;
    const over = turns.over().then(() => (isOver = true));
    await one.end();
    await two.end(new Error('no store'));
    expect(isOver, 'one of them has begun after the other').to.equal(false);
    await one.end();
    await over;
    const ends = await Promise.allSettled(taken);
    expect(ends.map(({ status }) => status)).to.deep.equal(['fulfilled', 'fulfilled', 'rejected']);
    await turns.over();
  });

  it('do not wait for those of another run', () => {
    const [turns, one, two] = [new Turns<number>(), new Work(), new Work()];
    void turns.take('run 1', one.do);
    void turns.take('run 2', two.do);
    expect([one.begun, two.begun]).to.deep.equal([1, 1]);
  });

  it('follow one that fails, whose error only those get who shared it', async () => {
    const [turns, work] = [new Turns<number>(), new Work()];
    const first = turns.take('run 1', work.do).catch((error: unknown) => error);
    const second = turns.take('run 1', work.do);
    const error = new Error('no store');
    await work.end(error);
    expect(await first).to.equal(error);
    await work.end();
    expect(await second).to.equal(2);
  });
});

describe('opening a run', () => {
  it('may be repeated with the same announcement at another process, and says once that it is open', async () => {
    const service = await SmallService.open();
    const announcement = await service.announce();
    const key = await service.coordinator.openRun(announcement);
    const another = service.process();
    await service.giveList(another);
    expect(await another.openRun(announcement)).to.deep.equal(key);
    expect(service.events.filter(({ type }) => type === 'run-opened')).to.have.lengthOf(1);
    expect((await service.store.openRuns()).map(({ run }) => run)).to.deep.equal([1]);
    await rejected('ERR_SECAGG_RUN', another.openRun(await service.announce({ run: 1, source: 'another' })));
  });
});
