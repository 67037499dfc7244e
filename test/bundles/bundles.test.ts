// A server in a bundle, of each kind one: the bundler leaves the worker's file behind, or carries it along. test/long/bundles.test.ts
// has the other bundlers.
import { Applications } from './applications.ts';
import { withEsbuild, withWebpack } from './bundlers.ts';

describe('an application that is bundled with its server', function () {
  this.timeout(240_000);
  let applications: Applications;
  before(async () => (applications = await Applications.record()));
  after(() => applications.remove());

  it('by esbuild alone has no threads, gives the exact sum, and is started once', () =>
    applications.expectRun({ format: 'esm', bundle: (bundling) => withEsbuild(bundling, 'esm'), threads: 0 }));

  it('by webpack has threads, because webpack carries their file along', () =>
    applications.expectRun({
      format: 'esm',
      bundle: (bundling) => withWebpack(bundling, 'esm', 'development'),
      threads: 2,
    }));
});
