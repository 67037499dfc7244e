// What does a whole session cost, by round and role? Real messages between real objects in one process, set up outside the
// clock, the sum checked. Beside it, measured in the same run, what it is made of: the same vectors added in the clear. `npm run bench -- --quick` is the smoke run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { execSync } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { linearFit, type LinearFit } from './statistics.ts';
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from '../src/index.ts';

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });

interface Size {
  readonly users: number;
  readonly vecLen: number;
  readonly bits: number;
  /** Share of the users that deal and send no input. */
  readonly dropout: number;
}

/** Milliseconds and bytes of one round: of one user on average, and of the server. */
interface RoundCost {
  readonly userMs: number;
  readonly serverMs: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

async function timed<T>(run: () => T | Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  const result = await run();
  return [result, performance.now() - started];
}

const vectorOf = (id: number, vecLen: number): Int32Array =>
  Int32Array.from({ length: vecLen }, (_, j) => ((id + 1) * (j + 7)) % 1001);

/** Plays a session and gives the costs of its rounds; throws unless the sum is exact. */
async function session({ users, vecLen, bits, dropout }: Size): Promise<{ rounds: RoundCost[]; clearMs: number }> {
  const threshold = Math.floor(users / 2) + 1;
  const keys = Array.from({ length: users }, () => genKeypair());
  const publicKeys = new PublicKeysWrapper(keys.map(([pk], id) => [id, pk] as const));
  const server = new ServerWrapper(threshold, vecLen, { bits, publicKeys });
  const parties = keys.map(([pk, sk], id) => new UserWrapper(id, threshold, pk, sk, vectorOf(id, vecLen), publicKeys, { bits }));
  const dropped = new Set(parties.slice(0, Math.floor(users * dropout)).map(({ id }) => id));
  let messages = new Map(parties.map(({ id }) => [id, round0Msg()]));
  const rounds: RoundCost[] = [];
  for (let round = 0; round < 5; round++) {
    let [userMs, serverMs, up] = [0, 0, 0];
    const down = [...messages.values()].reduce((total, { length }) => total + length, 0);
    const speakers = parties.filter(({ id }) => messages.has(id) && !(round === 2 && dropped.has(id)));
    for (const user of speakers) {
      const [answer, ms] = await timed(() => user.round(messages.get(user.id) ?? round0Msg()));
      const [, receiving] = await timed(() => server.recv(user.id, answer));
      [userMs, serverMs, up] = [userMs + ms, serverMs + receiving, up + answer.length];
    }
    const [output, closing] = await timed(() => server.round());
    rounds.push({
      userMs: userMs / speakers.length,
      serverMs: serverMs + closing,
      bytesUp: Math.round(up / speakers.length),
      bytesDown: Math.round(down / messages.size),
    });
    if (output.isMessages()) messages = output.getMessages();
  }
  const survivors = parties.filter(({ id }) => !dropped.has(id));
  const vectors = survivors.map(({ id }) => vectorOf(id, vecLen));
  const [plain, clearMs] = await timed(() => addInTheClear(vectors));
  const sum = server.output()?.getVector();
  if (sum?.some((component, j) => BigInt(component) !== BigInt(plain[j] ?? 0)) !== false) throw new Error('the sum is wrong');
  return { rounds, clearMs };
}

function addInTheClear(vectors: readonly Int32Array[]): Int32Array {
  const sum = new Int32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] ?? 0) + (vector[j] ?? 0);
  return sum;
}

const SIZES: readonly Size[] = flags.quick
  ? [{ users: 6, vecLen: 1000, bits: 32, dropout: 0.2 }]
  : [
      { users: 20, vecLen: 100_000, bits: 32, dropout: 0 },
      { users: 20, vecLen: 100_000, bits: 32, dropout: 0.3 },
      { users: 20, vecLen: 100_000, bits: 16, dropout: 0.3 },
      { users: 100, vecLen: 10_000, bits: 32, dropout: 0.1 },
      { users: 100, vecLen: 100_000, bits: 32, dropout: 0.1 },
      { users: 200, vecLen: 1000, bits: 32, dropout: 0.1 },
    ];

const line = (cells: readonly (string | number)[]): string => cells.map((cell) => String(cell).padStart(11)).join('');
const ms = (value: number): string => value.toFixed(value < 10 ? 2 : 0);

const report = {
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  commit: execSync('git rev-parse --short HEAD', { encoding: 'utf8' }).trim(),
  growth: [] as { of: string; round: number; user: LinearFit; server: LinearFit }[],
  sessions: [] as (Size & { rounds: RoundCost[]; clearMs: number })[],
};
console.log(`${report.cpu}, ${String(report.cores)} cores, Node ${report.node}, commit ${report.commit}\n`);
for (const size of SIZES) {
  const measured = await session(size);
  report.sessions.push({ ...size, ...measured });
  const { users, vecLen, bits, dropout } = size;
  console.log(
    `\n${String(users)} users × ${String(vecLen)} components of ${String(bits)} bits, ${String(100 * dropout)} % drop out before they send`,
  );
  console.log(line(['round', 'user ms', 'server ms', 'bytes up', 'bytes down']));
  for (const [round, cost] of measured.rounds.entries()) {
    console.log(line([round, ms(cost.userMs), ms(cost.serverMs), cost.bytesUp, cost.bytesDown]));
  }
  const total = measured.rounds.reduce((sum, cost) => sum + cost.serverMs, 0);
  console.log(`server in all ${ms(total)} ms; the same vectors added in the clear ${ms(measured.clearMs)} ms; the sum is exact`);
}

// How each step grows: with the users at one length, and with the length at one number of users.
const GROWTH: readonly (readonly [of: 'users' | 'vecLen', sizes: readonly Size[]])[] = [
  ['users', (flags.quick ? [6, 12, 24] : [25, 50, 100]).map((users) => ({ users, vecLen: 1000, bits: 32, dropout: 0.2 }))],
  [
    'vecLen',
    (flags.quick ? [1000, 2000, 4000] : [20_000, 100_000, 500_000]).map((vecLen) => ({
      users: 10,
      vecLen,
      bits: 32,
      dropout: 0.2,
    })),
  ],
];
for (const [of, sizes] of GROWTH) {
  const costs: { size: number; rounds: RoundCost[] }[] = [];
  for (const size of sizes) costs.push({ size: size[of], rounds: (await session(size)).rounds });
  const unit = of === 'users' ? 'a user more' : '1000 components more';
  const per = of === 'users' ? 1 : 1000;
  console.log(`\nwith ${unit}, fitted over ${sizes.map((size) => String(size[of])).join(', ')}: ms (R²)`);
  console.log(line(['round', 'one user', '', 'the server', '', 'for each']));
  for (const round of [0, 1, 2, 3, 4]) {
    const user = linearFit(costs.map(({ size, rounds }) => [size, rounds[round]?.userMs ?? NaN]));
    // The server hears every user: its time is told for one of them.
    const server = linearFit(
      costs.map(({ size, rounds }, i) => [size, (rounds[round]?.serverMs ?? NaN) / (sizes[i]?.users ?? NaN)]),
    );
    report.growth.push({ of, round, user, server });
    const told = ({ perUnit, r2 }: LinearFit): string[] => [(per * perUnit).toFixed(4), `(${r2.toFixed(2)})`];
    console.log(line([round, ...told(user), ...told(server)]));
  }
}
mkdirSync('out', { recursive: true });
writeFileSync('out/bench-session.json', JSON.stringify(report, null, 2));
console.log('\nwritten to out/bench-session.json');
