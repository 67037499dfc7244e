// A server in a bundle, of each kind one: the bundler leaves the worker's file behind, or carries it along. test/long/bundles.test.ts
// has the other bundlers.
import { join } from 'node:path';
import { expect } from 'chai';
import { withEsbuild, withWebpack } from './bundlers.ts';
import { recordSession, type RecordedSession } from './recorded-session.ts';
import { runApplication } from './run-application.ts';
import { Workshop } from './workshop.ts';

describe('an application that is bundled with its server', function () {
  this.timeout(240_000);
  let session: RecordedSession;
  let workshop: Workshop;
  before(async () => {
    session = await recordSession();
    workshop = new Workshop();
  });
  after(() => workshop.remove());

  it('by esbuild alone has no threads, gives the exact sum, and is started once', async () => {
    const out = await workshop.bundle('esm', false, (bundling) => withEsbuild(bundling, 'esm'));
    const command = [process.execPath, join(out, 'application.js')] as const;
    const outcome = await workshop.withoutPackage(() => runApplication(command, session, null));
    expect(outcome).to.deep.equal({ starts: 1, threads: 0, exact: true });
  });

  it('by webpack has threads, because webpack carries their file along', async () => {
    const out = await workshop.bundle('esm', false, (bundling) => withWebpack(bundling, 'esm', 'development'));
    const command = [process.execPath, join(out, 'application.js')] as const;
    const outcome = await workshop.withoutPackage(() => runApplication(command, session, null));
    expect(outcome).to.deep.equal({ starts: 1, threads: 2, exact: true });
  });
});
