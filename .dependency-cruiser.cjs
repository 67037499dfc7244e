// The directions of imports, which are the security argument: untrusted bytes stop in wire/, secrets leave only through
// user/json.ts, arithmetic lives only in masking/ and crypto/.
const LEAVES = '^src/leaves/';
const only = (name, from, to, notFrom) => ({
  name,
  severity: 'error',
  from: notFrom === undefined ? { path: from } : { path: from, pathNot: notFrom },
  to: { path: '^(src/|node_modules/)', pathNot: [LEAVES, ...to] },
});
const WORKER = '^src/platform/secagg-unmasking-worker\\.ts$';
const STEPS = '^src/(user|server)/r[0-4]-[a-z-]+\\.ts$';

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only('leaves', LEAVES, []),
    only('platform', '^src/platform/', ['^src/platform/', '^node_modules/@noble/'], WORKER),
    // An entry point, which no module imports: it stands in platform/ because node-threads.ts must find it beside itself.
    only('worker', WORKER, ['^src/(platform|masking)/', '^src/server/unmasking/']),
    { name: 'nobody-imports-the-worker', severity: 'error', from: {}, to: { path: WORKER } },
    only('crypto', '^src/crypto/', [
      '^src/crypto/',
      '^src/platform/',
      '^node_modules/(@noble/(ciphers|hashes)|shamir-secret-sharing)/',
    ]),
    only('masking', '^src/masking/', [
      '^src/masking/',
      '^src/platform/',
      '^src/crypto/labels\\.ts$',
      '^src/session/parameters\\.ts$',
    ]),
    only('graph', '^src/graph/', ['^src/graph/', '^src/crypto/random\\.ts$', '^src/session/parameters\\.ts$']),
    only('session', '^src/session/', ['^src/session/', '^src/crypto/', '^src/graph/', '^src/platform/']),
    only('wire', '^src/wire/', ['^src/wire/', '^src/session/(notation|parameters|messages)\\.ts$']),
    // Neither side of a session sees the other.
    only('user', '^src/user/', ['^src/(user|session|wire|crypto|masking|graph|platform)/']),
    only('server', '^src/server/', ['^src/(server|session|wire|crypto|masking|graph|platform)/']),
    // A step is given values and gives values: bytes and JSON are for others.
    {
      name: 'steps-without-codecs',
      severity: 'error',
      from: { path: STEPS },
      to: { path: '^src/(wire/|(user|server|session)/json\\.ts$)' },
    },
    only('encoding', '^src/encoding/', [
      '^src/encoding/',
      '^src/crypto/(random|digest)\\.ts$',
      '^src/masking/vector\\.ts$',
      '^src/session/(parameters|noised-vectors)\\.ts$',
    ]),
    only('dp', '^src/dp/', [
      '^src/dp/',
      '^src/encoding/',
      '^src/crypto/(random|digest|labels)\\.ts$',
      '^src/masking/vector\\.ts$',
      '^src/session/(codec|json|parameters)\\.ts$',
    ]),
    // It makes servers from rows, and messages to users from pieces of them, so it stands on all that a server stands on. Of users it
    // knows their states, which it seals.
    only('postgres', '^src/postgres/', [
      '^src/postgres/',
      '^src/coordinator/(run-json|run-record|session-host|store)\.ts$',
      '^src/pet/',
      '^src/service/certificate\\.ts$',
      '^src/(server|session|wire|masking|graph)/',
      '^src/user/(user-wrapper|start)\\.ts$',
      '^src/crypto/(seal|random|digest|labels|hash-tree|sign)\\.ts$',
      '^src/platform/',
    ]),
    only('planner', '^src/planner/', [
      '^src/planner/',
      '^src/graph/',
      '^src/wire/message-sizes\\.ts$',
      '^src/session/parameters\\.ts$',
    ]),
    only('cohorts', '^src/cohorts/', [
      '^src/cohorts/',
      '^src/masking/vector\\.ts$',
      '^src/graph/policy\\.ts$',
      '^src/crypto/(digest|labels)\\.ts$',
      '^src/session/(codec|json|parameters)\\.ts$',
    ]),
    // The user's side, and what it is given, in a worker.
    only('worker-of-users', '^src/worker/', [
      '^src/worker/',
      '^src/user/(user-wrapper|options)\\.ts$',
      '^src/session/(descriptor|noised-vectors|public-keys)\\.ts$',
      '^src/masking/vector\\.ts$',
      '^src/crypto/sign\\.ts$',
    ]),
    // What all parties of a running service agree on; neither the coordinator nor the agent sees the other.
    only('service', '^src/service/', [
      '^src/service/',
      '^src/(dp|encoding|cohorts)/',
      '^src/crypto/(digest|hash-tree|labels|sign|random)\\.ts$',
      '^src/masking/(ring|vector)\\.ts$',
      '^src/session/(binding|codec|json|parameters|public-keys)\\.ts$',
      '^src/graph/(hypergeometric|policy)\\.ts$',
      '^src/wire/(fields|msgpack)\\.ts$',
      '^src/platform/',
    ]),
    only('coordinator', '^src/coordinator/', [
      '^src/(coordinator|service)/',
      '^src/cohorts/(cohorts|order|running-total)\\.ts$',
      '^src/session/(codec|json)\\.ts$',
      '^src/dp/receipt\\.ts$',
      '^src/server/(evidence|options|server-wrapper)\\.ts$',
      '^src/crypto/(digest|labels|sign|random)\\.ts$',
      '^src/masking/vector\\.ts$',
      '^src/wire/message-sizes\\.ts$',
    ]),
    // How a participant runs by itself, whatever its protocol.
    only('participation', '^src/participation/', ['^src/participation/', '^src/crypto/(random|seal)\\.ts$']),
    only('agent', '^src/agent/', [
      '^src/(agent|participation|service)/',
      '^src/cohorts/enrolment\\.ts$',
      '^src/dp/(ledger/(ledger|cost-budget)|mechanism)\\.ts$',
      '^src/encoding/statistic\\.ts$',
      '^src/user/(user-wrapper|start)\\.ts$',
      '^src/crypto/(digest|labels|sign|random)\\.ts$',
      '^src/session/(codec|parameters)\\.ts$',
      '^src/wire/message-sizes\\.ts$',
    ]),
    // Another protocol, on the same primitives.
    only('pet', '^src/pet/', [
      '^src/(participation|pet|platform)/',
      '^src/masking/pace\\.ts$',
      '^src/crypto/(agree|labels|random|sealed-box|sign)\\.ts$',
      '^src/session/(codec|json)\\.ts$',
      '^node_modules/@noble/ciphers/',
    ]),
    // Hears what both sides tell, and knows nothing else of them.
    only('opentelemetry', '^src/opentelemetry/', [
      '^src/opentelemetry/',
      '^src/(agent|coordinator)/events\\.ts$',
      '^node_modules/@opentelemetry/api/',
    ]),
    only('command', '^src/command/', [
      '^src/command/',
      '^src/(index|cohorts/index|pet/index|planner/(index|request|complete)|session/parameters)\\.ts$',
      '^src/postgres/(database|doctor|migrations|pool)\\.ts$',
      '^node_modules/(cli-progress|pg|@types/pg)/',
    ]),
    {
      name: 'node-in-few-files',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/(platform/(node|node-threads|secagg-unmasking-worker)|command/.+|agent/file-store)\\.ts$',
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'known-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      // What is a peer dependency too is there for the tests.
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'],
        dependencyTypesNot: ['npm-peer'],
      },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['secagg-source', 'node', 'import', 'default'], exportsFields: ['exports'] },
    doNotFollow: { path: 'node_modules' },
  },
};
