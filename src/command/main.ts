#!/usr/bin/env node
// The command `secagg`: runs a subcommand, each of which has a file. Exit codes: 0 done, 1 refused, 2 wrong usage, and 3 if a
// simulation finds what must never happen. May import the planner, the public API, the
// schema of secagg/postgres and node:.
import { readFileSync } from 'node:fs';
import { shownText } from '../leaves/checks.ts';
import type { Outcome } from './outcome.ts';
import { runPlan } from './plan.ts';
import { runPostgres } from './postgres.ts';
import { runSimulate } from './simulate.ts';

const HELP = `Usage: secagg <command> [options]

Commands:
  plan      choose graph, thresholds and cohorts for a number of users
  simulate  run whole sessions with dropouts and faults, and measure them
  postgres  the schema of sessions in PostgreSQL: its version, migrations, a look for faults

Options:
  --help     show this, or with a command its options
  --version  show the version
`;

async function run([command, ...rest]: readonly string[]): Promise<Outcome> {
  switch (command) {
    case 'plan':
      return runPlan(rest);
    case 'simulate':
      return runSimulate(rest, process.stderr);
    case 'postgres':
      return runPostgres(rest, process.env);
    case '--help':
    case '-h':
    case 'help':
      return { code: 0, out: HELP };
    case '--version':
      return { code: 0, out: `${version()}\n` };
    case undefined:
      return { code: 2, err: HELP };
    default:
      return { code: 2, err: `secagg: unknown command '${shownText(command)}'\n\n${HELP}` };
  }
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

const { code, out = '', err = '' } = await run(process.argv.slice(2));
process.stdout.write(out);
process.stderr.write(err);
process.exitCode = code;
