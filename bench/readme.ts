// The figures in the section "Speed" of README.
import type { Figures, Run } from './figures.ts';
import type { Machine } from './machine.ts';
import { blocks, short, table, whole } from './markdown.ts';
import { withSection } from './generated-section.ts';
import type { Skipped } from './peers/peer.ts';

/** README with the figures of a run. @throws if README has no place for them, or the run lacks some. */
export function withSpeed(readme: string, { machines, quick, figures }: Run): string {
  if (quick) throw new Error('a smoke run has no figures of record');
  if (machines.masks === undefined) throw new Error('not measured: masks');
  return withSection(readme, speedOf(machines.masks, complete(figures)));
}

function complete(figures: Partial<Figures>): Figures {
  const { masks, peers, prio, receiving, memory, session, scale, bytes, encoding, postgres } = figures;
  const all = { masks, peers, prio, receiving, memory, session, scale, bytes, encoding, postgres };
  const missing = Object.entries(all).flatMap(([name, measured]) => (measured === undefined ? [name] : []));
  if (missing.length > 0) throw new Error(`not measured: ${missing.join(', ')}`);
  return all as Figures;
}

function speedOf({ cpu, cores, node }: Machine, figures: Figures): string {
  const late = Math.max(...figures.masks.unmasking.map(({ timerLate }) => timerLate));
  return blocks(
    `On ${cores} cores of an ${cpu} with Node ${node.slice(1)}:`,
    table(
      ['', 'secagg', 'compared with'],
      [...maskRows(figures), ...serverRows(figures), ...prioRows(figures), ...expansionRows(figures)],
    ),
    `While masks are removed the event loop is free: a timer of 50 ms came ${whole(late)} ms late at most.`,
  );
}

type Row = readonly [what: string, ours: string, besideIt: string];

function maskRows({ masks, peers }: Figures): Row[] {
  const flower = ran('Flower', peers.flower);
  const xaynet = ran('xaynet-core', peers.xaynet);
  const [at32, at16] = [ofWidth(masks.expansion, 32), ofWidth(masks.expansion, 16)];
  const others = `${ms(flower.mask + flower.add)}: Flower ${flower.version}; ${ms(xaynet.mask + xaynet.add)}: xaynet-core ${xaynet.version}, in its smallest ring, of ${xaynet.bits} bits`;
  return [
    [
      `one mask of ${power(masks.components)} components of 32 bits, made and added`,
      ms(at32.ours),
      `${ms(at32.cipher)}: the AES-256-CTR key stream alone`,
    ],
    ['the same in 16 bits', ms(at16.ours), `${ms(at16.cipher)}: the key stream alone`],
    ['the same in 32 bits, measured beside others', ms(peers.ours.mask), others],
    [
      'a secret split 67 of 100; put together',
      `${ms(peers.ours.split)}; ${ms(peers.ours.combine)}`,
      `${ms(flower.split)}; ${ms(flower.combine)}: Flower ${flower.version}`,
    ],
  ];
}

function serverRows({ masks, receiving, memory, postgres }: Figures): Row[] {
  const unmasking = most(
    masks.unmasking.filter(({ vecLen }) => vecLen === 100_000),
    ({ masks }) => masks,
  );
  const server = most(memory.servers, ({ users }) => users);
  const rates = (of: (rate: (typeof receiving.rates)[number]) => number): string =>
    receiving.rates.map((rate) => short(of(rate))).join('; ');
  const messages = server.rounds.reduce((sum, { bytes }) => sum + bytes, 0);
  const { large } = postgres;
  return [
    [
      `unmasking ${whole(unmasking.users)} users × ${whole(unmasking.vecLen)} components, ${whole(unmasking.dropped)} dropped out: ${whole(unmasking.masks)} masks`,
      `${short(unmasking.manyThreads)} s on ${unmasking.threads} cores, ${short(unmasking.ownThread)} s on one`,
      `${short(unmasking.cipher + unmasking.agreements)} s: the key stream and the key agreements alone, on one`,
    ],
    [
      `taking a masked input of ${power(receiving.vecLen)} components of ${receiving.rates.map(({ bits }) => String(bits)).join('; ')} bits`,
      `${rates(({ recv }) => recv)} GB/s`,
      `${rates(({ sha256 }) => sha256)} GB/s: SHA-256 of the same bytes`,
    ],
    [
      `most memory of a server, ${whole(server.users)} users × ${power(server.vecLen)} components of 32 bits`,
      `${whole((server.most - memory.idle) / 1e6)} MB above idle Node`,
      `${whole(messages / 1e6)} MB of messages`,
    ],
    [
      `${whole(large.users)} users × ${power(large.vecLen)} components, the server's whole session`,
      `${short(large.inMemory)} s in memory, ${short(large.inPostgres)} s in PostgreSQL`,
      '',
    ],
  ];
}

function prioRows({ prio }: Figures): Row[] {
  const { components, bits, users, ours, typescript } = prio;
  const crate = ran('prio', prio.crate);
  const [of, other] = [`${whole(components)} components of ${bits} bits`, `@divviup/prio3 ${typescript.version}`];
  return [
    [
      `a user's whole work for ${of}, among ${users} users`,
      `${ms(ours.client)}, ${whole(ours.bytes / 1000)} kB`,
      `Prio3SumVec, with two servers: ${ms(crate.client)}, ${whole(crate.bytes / 1000)} kB: prio ${crate.version} in Rust; ${ms(typescript.client)}: ${other}`,
    ],
    ['the servers’ work for this user', ms(ours.servers), `${ms(crate.servers)}: prio ${crate.version}, both servers`],
  ];
}

function expansionRows({ bytes }: Figures): Row[] {
  return bytes.expansions.flatMap(({ users, vecLen, inputBits, neighbors, factor, paper }): Row[] => {
    if (neighbors !== null)
      return [[`the same with ${neighbors} neighbors on a sparse graph`, `${factor.toFixed(2)} times its input`, '']];
    if (paper === null) return [];
    const what = `bytes that one of ${power(users)} users sends and receives in all, ${power(vecLen)} components of ${inputBits} bits`;
    return [[what, `${factor.toFixed(2)} times its input`, `${paper} in the paper's abstract`]];
  });
}

const ms = (value: number): string => `${short(value)} ms`;

/** A number, as a power of two if it is a large one. */
function power(value: number): string {
  const exponent = Math.log2(value);
  return Number.isInteger(exponent) && exponent > 6 ? `2^${exponent}` : whole(value);
}

function ofWidth<Of extends { readonly bits: number }>(all: readonly Of[], width: number): Of {
  const one = all.find(({ bits }) => bits === width);
  if (one === undefined) throw new Error(`not measured: ${width} bits`);
  return one;
}

function most<Of>(all: readonly Of[], of: (one: Of) => number): Of {
  const [first, ...others] = [...all].sort((a, b) => of(b) - of(a));
  if (first === undefined || others.length === 0) throw new Error('not measured: more than one size');
  return first;
}

function ran<Peer extends object>(name: string, peer: Peer | Skipped): Peer {
  if ('skipped' in peer) throw new Error(`${name} was skipped: ${peer.skipped}`);
  return peer;
}
