// The tests, in suites that run as one process each. The gate has one of each kind; the long run has the rest of the matrix.

/** Test files that run together, and how long they may take. */
export interface Suite {
  readonly name: string;
  /** Files and folders below test/. */
  readonly files: readonly string[];
  /** Seconds after which the suite fails, on two cores that other work may share: about three times what it takes alone. */
  readonly budget: number;
  /** Runs on the engine for browsers. */
  readonly web?: boolean;
  /** Imports secret keys faster than the library does: test/support/quick-keys.ts says how, and why. */
  readonly quickKeys?: boolean;
  /** `npm test` leaves it out: it takes long, or runs package, documents, commands and servers as a user would, in processes of their own. */
  readonly outside?: boolean;
  /** Runs on this version of Node, from the package `node`; else on the one that runs the script. */
  readonly node?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const UNITS = [
  'index.test.ts',
  'leaves',
  'session',
  'user',
  'server',
  'graph',
  'crypto',
  'wire',
  'masking',
  'platform',
  'worker',
];
/** All tests that need nothing but the library itself: no database, browser, bundler or process of an application. */
const CORE = [
  ...UNITS,
  'vectors',
  'fuzz',
  'scenario',
  'encoding',
  'planner',
  'cohorts',
  'dp',
  'pet',
  'service',
  'coordinator',
  'agent',
  'opentelemetry',
  'worlds',
];

/** What differs on the engine for browsers: keys, signatures and masks, whether messages are refused, and whole sessions. */
const ON_WEB = [
  'platform/chosen.test.ts',
  'crypto/agree.test.ts',
  'crypto/primitives.test.ts',
  'crypto/sign.test.ts',
  'server/receiving.test.ts',
  'pet/masks.test.ts',
  'pet/keystream.test.ts',
  'vectors/transcripts.test.ts',
  'scenario/dropouts.test.ts',
  'scenario/lying-user/one-round.test.ts',
];

/** The gate runs these, `npm test` those that are not from outside. The longest come first, so that no core waits at the end. */
export const GATE: readonly Suite[] = [
  { name: 'postgres', files: ['postgres'], quickKeys: true, budget: 400 },
  {
    name: 'hundreds-of-worlds',
    files: ['worlds'],
    quickKeys: true,
    outside: true,
    env: { SECAGG_WORLD_SEED: '31', SECAGG_WORLDS: '210' },
    budget: 600,
  },
  { name: 'worlds', files: ['worlds'], quickKeys: true, budget: 300 },
  { name: 'units', files: UNITS, budget: 300 },
  { name: 'processes', files: ['processes'], outside: true, quickKeys: true, budget: 240 },
  { name: 'documents', files: ['docs', 'examples'], outside: true, budget: 300 },
  { name: 'privacy', files: ['dp'], budget: 240 },
  { name: 'scenarios', files: ['scenario'], quickKeys: true, budget: 300 },
  {
    name: 'package',
    files: ['package', 'browser/browser.test.ts', 'browser/import-map.test.ts', 'runtimes/edge-runtime.test.ts'],
    outside: true,
    budget: 400,
  },
  {
    name: 'pages',
    files: ['browser/agent.test.ts', 'browser/pet-agent.test.ts', 'browser/digit-pages.test.ts'],
    outside: true,
    budget: 240,
  },
  { name: 'vectors', files: ['vectors', 'fuzz'], budget: 180 },
  { name: 'command', files: ['command'], outside: true, quickKeys: true, budget: 240 },
  { name: 'encodings', files: ['encoding', 'planner', 'cohorts', 'pet'], quickKeys: true, budget: 180 },
  { name: 'service', files: ['service', 'coordinator', 'agent', 'opentelemetry'], quickKeys: true, budget: 400 },
  { name: 'web', files: ON_WEB, web: true, budget: 300 },
  { name: 'bundles', files: ['bundles'], outside: true, budget: 120 },
];

/** `npm run test:long` runs these, or those that are named. */
export const LONG: readonly Suite[] = [
  {
    name: 'fuzz-100000',
    files: ['fuzz', 'pet/wire.test.ts', 'agent/responses.test.ts'],
    env: { SECAGG_FUZZ_CASES: '100000' },
    budget: 7200,
  },
  ...[1, 2501, 5001, 7501].map((first) => ({
    name: `worlds-from-${first}`,
    files: ['worlds'],
    quickKeys: true,
    env: { SECAGG_WORLD_SEED: String(first), SECAGG_WORLDS: '2500' },
    budget: 7200,
  })),
  { name: 'crashes-500', files: ['processes/sessions.test.ts'], env: { SECAGG_CRASH_SESSIONS: '500' }, budget: 7200 },
  {
    name: 'noise-fresh',
    files: ['dp/noise/statistics.test.ts', 'dp/noise/exact.test.ts', 'dp/canary.test.ts'],
    env: { SECAGG_FRESH_NOISE: '1' },
    budget: 3600,
  },
  { name: 'long-demos', files: ['long/long-demos.test.ts'], budget: 300 },
  { name: 'load', files: ['long/load.test.ts'], budget: 3600 },
  { name: 'large-groups', files: ['long/large-groups.test.ts'], budget: 900 },
  {
    name: 'postgres-comparison',
    files: ['postgres/comparison.test.ts'],
    quickKeys: true,
    env: { SECAGG_COMPARED_SESSIONS: '300' },
    budget: 3600,
  },
  {
    name: 'jobs-node-24',
    files: ['postgres/jobs.test.ts'],
    quickKeys: true,
    node: '24',
    env: { SECAGG_GRAPHILE_WORKER: '0.18.0' },
    budget: 300,
  },
  {
    name: 'postgres-14',
    files: ['postgres', 'processes'],
    quickKeys: true,
    env: { SECAGG_POSTGRES: '14.23.0-beta.17' },
    budget: 1800,
  },
  { name: 'postgres-sizes', files: ['long/postgres-sizes.test.ts'], budget: 7200 },
  { name: 'service-sparse', files: ['long/service-sparse.test.ts'], quickKeys: true, budget: 3600 },
  { name: 'long-vectors', files: ['long/long-vectors.test.ts'], budget: 900 },
  { name: 'pet-network', files: ['long/pet-network.test.ts'], budget: 600 },
  { name: 'bundlers', files: ['long/bundles.test.ts', 'long/browser-bundles.test.ts'], budget: 1200 },
  { name: 'web-core', files: CORE, web: true, budget: 3600 },
  { name: 'pauses', files: ['browser/pauses.test.ts'], budget: 900 },
  { name: 'pages-long', files: ['browser/digit-pages-long.test.ts', 'long/pages-service.test.ts'], budget: 900 },
  { name: 'webkit', files: ['browser/webkit.test.ts'], budget: 300 },
  {
    name: 'firefox',
    files: [
      'browser/firefox.test.ts',
      'browser/agent-firefox.test.ts',
      'browser/pet-agent-firefox.test.ts',
      'browser/digit-pages-firefox.test.ts',
    ],
    budget: 600,
  },
  { name: 'runtimes', files: ['runtimes'], budget: 600 },
  { name: 'node-22', files: CORE, node: '22', budget: 1200 },
  { name: 'node-24', files: CORE, node: '24', budget: 1200 },
  { name: 'node-26', files: CORE, node: '26', budget: 1200 },
];
