// `secagg plan`: asks the planner and prints the plan, or why there is none, as text or JSON.
import { parseArgs } from 'node:util';
import { plan, PlanError, type PlanRequest } from '../planner/index.ts';
import type { Outcome } from './outcome.ts';
import { planText } from './plan-text.ts';
import { PLANNER_HELP, PLANNER_OPTIONS, refused, requestOf, usage, type PlannerValues } from './planner-options.ts';

const HELP = `Usage: secagg plan --users <n> --dropout <rate> --length <components> [options]

Chooses graph, thresholds and cohorts for a number of users, and says what they bear and cost.

Options:
${PLANNER_HELP}
  --json              print the plan, or the refusal, as JSON
  --help              show this

Exit codes: 0 there is a plan, 1 there is none, 2 wrong usage.
`;

export function runPlan(args: readonly string[]): Outcome {
  try {
    const values = parse(args);
    return values.help ? { code: 0, out: HELP } : answer(requestOf(values), values.json ?? false);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return usage('plan', error.message);
    throw error;
  }
}

/** @throws TypeError for an option that does not exist, or that lacks its value. */
function parse(args: readonly string[]): PlannerValues & { json?: boolean; help?: boolean } {
  const options = { ...PLANNER_OPTIONS, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
  return parseArgs({ args: [...args], options }).values;
}

function answer(request: PlanRequest, json: boolean): Outcome {
  try {
    const found = plan(request);
    return { code: 0, out: json ? `${JSON.stringify(found, null, 2)}\n` : planText(found) };
  } catch (error) {
    if (error instanceof PlanError) return refused('plan', request, error, json);
    throw error;
  }
}
