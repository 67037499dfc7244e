// The service of examples/pages with one visitor, without a browser.
import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import { dealShards } from '../../examples/mnist/data.ts';
import { Seeded } from '../../examples/mnist/seeded.ts';
import { halved } from '../../examples/pages/digits.ts';
import { CLIP, updateOf } from '../../examples/pages/model.ts';
import { DigitService } from '../../examples/pages/service.ts';
import { localPostgres, type LocalPostgres } from '../../scripts/local-postgres.ts';
import { developmentAgent, type Agent } from '../../src/agent/index.ts';

const COMPANIONS = 12;
const VISITOR = 1000;
const PATIENCE_MILLISECONDS = 60_000;

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MILLISECONDS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await setTimeout(50);
  }
}

describe('the service of the pages', function () {
  this.timeout(120_000);
  let database: LocalPostgres;
  let service: DigitService;
  let running: Promise<void>;

  const { warn } = console;
  before(async () => {
    console.warn = (): void => undefined; // it is a development set-up
    database = await localPostgres();
    const options = { companions: COMPANIONS, visitors: 1, silent: 0, patience: 1, runs: 1, epsilon: null };
    service = await DigitService.start(database, options);
    running = service.run();
  });

  after(async () => {
    await service.close(running);
    await database.stop();
    console.warn = warn;
  });

  const visitorAgent = (): Promise<Agent> =>
    developmentAgent({
      ...{ id: VISITOR, introduction: service.development.introduction },
      certify: (request) => service.development.registrar.certify(request, { id: VISITOR }),
      exchange: (request) => service.development.coordinator.answer(request),
      fetchPayload: () => Promise.resolve(new Uint8Array(service.modelOf(1).slice().buffer)),
      inputs: { load: () => Promise.resolve(null) },
    });

  it('waits for its visitor, and goes on without it when it leaves while it trains: it is counted, and the sum is that of the others', async () => {
    await setTimeout(1000);
    expect(service.view).to.deep.include({ present: 0, runs: [] });
    const close = [service.enter('one page'), service.enter('one page')];
    expect(service.view.present, 'in two tabs').to.equal(1);
    await until('a run', () => service.view.runs.length === 1);

    const agent = await visitorAgent();
    await until('selected', async () => {
      await agent.transition();
      return agent.progress().phase === 'preparing';
    });
    await agent.leave();
    for (const each of close) each();
    expect(service.view.present).to.equal(0);

    await until('the end of the run', () => ['finished', 'failed'].includes(service.view.runs[0]!.stage));
    const [run] = service.view.runs;
    expect(run).to.deep.include({ stage: 'finished', selected: COMPANIONS + 1, lost: 1, included: COMPANIONS });
    expect(run!.rounds.map(({ missing }) => missing)).to.deep.equal([0, 0, 0, 0, 0]);
    await until('the model', () => service.modelOf(2).length > 0);

    const shards = dealShards(COMPANIONS + 10, new Seeded(1)).slice(0, COMPANIONS);
    const mean = new Float64Array(service.modelOf(1).length);
    for (const shard of shards) {
      const update = updateOf(service.modelOf(1), halved(shard));
      update.forEach((value, i) => (mean[i]! += Math.min(Math.max(value, -CLIP), CLIP) / COMPANIONS));
    }
    const errors = [...mean].map((value, i) => Math.abs(service.modelOf(2)[i]! - service.modelOf(1)[i]! - value));
    expect(Math.max(...errors)).to.be.below(1e-5);
    expect(Math.max(...mean.map(Math.abs))).to.be.above(1e-2);
  });
});
