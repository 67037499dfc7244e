// Takes out of V8's coverage what the loader of TypeScript has added to each file, which nobody wrote and no test can
// reach: the helpers of esbuild, and a list of exports behind `0 &&` at the end. They are 2 of 7 branches of a file that
// has nothing but types. Runs between the suites and the report: npm run coverage
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface FunctionCoverage {
  readonly functionName: string;
  readonly ranges: Range[];
}

interface Coverage {
  result: { readonly url: string; functions: FunctionCoverage[] }[];
}

const FOLDER = 'coverage/tmp';
const HELPERS = new Set(['__name', '__export', '__copyProps', '__toCommonJS', '__toESM', '__publicField']);
/** The closing of the module's function after the list of exports: `});` and a line's end. */
const END_OF_MODULE = 4;

for (const name of readdirSync(FOLDER)) {
  const path = `${FOLDER}/${name}`;
  const coverage = JSON.parse(readFileSync(path, 'utf8')) as Coverage;
  for (const script of coverage.result) if (script.url.endsWith('.ts')) script.functions = ownFunctions(script.functions);
  writeFileSync(path, JSON.stringify(coverage));
}

function ownFunctions(functions: readonly FunctionCoverage[]): FunctionCoverage[] {
  const helpers = functions.filter(({ functionName }) => HELPERS.has(functionName)).map(({ ranges }) => ranges[0]);
  const inHelper = ({ ranges: [range] }: FunctionCoverage): boolean =>
    helpers.some((helper) => helper !== undefined && range !== undefined && contains(helper, range));
  return functions.filter((each) => !inHelper(each)).map(withoutExports);
}

function withoutExports({ ranges, ...each }: FunctionCoverage): FunctionCoverage {
  const [whole, ...inner] = ranges;
  if (whole === undefined) return { ...each, ranges };
  const isModule = each.functionName === '' && whole.startOffset < 200;
  const isExports = ({ endOffset, count }: Range): boolean =>
    isModule && count === 0 && endOffset < whole.endOffset && whole.endOffset - endOffset <= END_OF_MODULE;
  return { ...each, ranges: [whole, ...inner.filter((range) => !isExports(range))] };
}

function contains(outer: Range, inner: Range): boolean {
  return outer.startOffset <= inner.startOffset && inner.endOffset <= outer.endOffset;
}
