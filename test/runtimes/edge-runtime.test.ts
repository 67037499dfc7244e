// Edge runtimes, by Vercel's: a context of node:vm with Web APIs, and with names that are wrapped.
import { EdgeVM } from '@edge-runtime/vm';
import { bundled } from './bundle.ts';
import { expectAnswers } from './expected.ts';

describe('an edge runtime', function () {
  this.timeout(60_000);

  it('runs whole sessions: one user drops out, states go through JSON, long vectors and floats', async () => {
    const vm = new EdgeVM({ initialCode: await bundled('answers.ts', { format: 'iife', conditions: ['edge-light'] }) });
    expectAnswers(await vm.evaluate<Promise<string>>('secaggSession.answers().then((answers) => JSON.stringify(answers))'));
  });
});
