// A thousand agents over HTTP, while the processes of their coordinator are killed and started.
import { expect } from 'chai';
import { measureLoad } from '../../bench/load/measure.ts';

describe('a thousand agents over HTTP, two coordinator processes and one PostgreSQL', function () {
  this.timeout(3_600_000);

  it('give the exact sum of all, although the processes are killed and started all the time', async () => {
    // It compares the sum.
    const figures = await measureLoad({ users: 100, cohorts: 10, vecLen: 1000, patience: 600, killed: true });
    console.log(`    ${JSON.stringify(figures)}`);
    expect(figures.kills).to.be.above(3);
    expect(figures.included).to.equal(1000);
  });
});
