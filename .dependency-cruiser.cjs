// The directions of imports, which are the security argument: untrusted bytes stop in wire/, secrets leave only through
// state/, arithmetic lives only in masking/.
const LEAVES = '^src/(errors|bytes|checks|ids|members|lists|sizes|parameters|progress|events|tree-shape)\\.ts$';
const only = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src/|node_modules/)', pathNot: [LEAVES, ...to] },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only('leaves', LEAVES, []),
    only('platform', '^src/platform/', ['^src/platform/', '^node_modules/@noble/']),
    only('crypto', '^src/crypto/', ['^src/crypto/', '^src/platform/', '^node_modules/(@noble/ciphers|shamir-secret-sharing)/']),
    only('masking', '^src/masking/', ['^src/masking/', '^src/platform/', '^src/crypto/labels\\.ts$']),
    only('graph', '^src/graph/', ['^src/graph/', '^src/crypto/random\\.ts$']),
    only('wire', '^src/wire/', ['^src/wire/', '^src/protocol/notation\\.ts$', '^node_modules/msgpackr/']),
    only('protocol', '^src/protocol/', ['^src/(protocol|crypto|masking|graph)/']),
    { name: 'user-not-server', severity: 'error', from: { path: '^src/protocol/user/' }, to: { path: '^src/protocol/server/' } },
    { name: 'server-not-user', severity: 'error', from: { path: '^src/protocol/server/' }, to: { path: '^src/protocol/user/' } },
    only('state', '^src/state/', [
      '^src/state/',
      '^src/graph/',
      '^src/platform/',
      '^src/protocol/(notation|failure|user/state|server/(state|roster|deal-map))\\.ts$',
    ]),
    only('encoding', '^src/encoding/', ['^src/encoding/', '^src/crypto/(random|digest)\\.ts$']),
    // The public classes, and below them what seals users' states and writes bytes: one sealing primitive, one base64.
    only('postgres', '^src/postgres/', [
      '^src/postgres/',
      '^src/(server|server-output|user)\\.ts$',
      '^src/crypto/(seal|random)\\.ts$',
      '^src/platform/',
    ]),
    only('planner', '^src/planner/', ['^src/planner/', '^src/graph/', '^src/wire/message-sizes\\.ts$']),
    only('cohorts', '^src/cohorts/', [
      '^src/cohorts/',
      '^src/graph/policy\\.ts$',
      '^src/crypto/(digest|labels)\\.ts$',
      '^src/state/(json|common)\\.ts$',
    ]),
    only('command', '^src/command/', [
      '^src/command/',
      '^src/(index|cohorts/index|planner/(index|request))\\.ts$',
      '^node_modules/cli-progress/',
    ]),
    {
      name: 'node-in-few-files',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(platform/node|rounds/unmask-worker|command/.+)\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'msgpackr-in-one-file',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/wire/msgpack\\.ts$' },
      to: { path: 'node_modules/msgpackr/' },
    },
    {
      name: 'known-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['secagg-source', 'node', 'import', 'default'], exportsFields: ['exports'] },
    doNotFollow: { path: 'node_modules' },
  },
};
