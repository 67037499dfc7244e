// The conditions of a run choose the engine.
import { platform as chosen } from '#platform';
import { expect } from 'chai';
import { platform as node } from '../../src/platform/node.ts';
import { platform as web } from '../../src/platform/web.ts';

describe('the engine', () => {
  it('is the one that the conditions of the run ask for', () => {
    const asked = process.execArgv.concat(process.env.NODE_OPTIONS ?? '').some((argument) => argument.includes('secagg-web'));
    expect(chosen).to.equal(asked ? web : node);
  });
});
