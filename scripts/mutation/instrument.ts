// Source text with all its mutants in it. Each is chosen by its number while the tests run, so that a file is compiled and loaded once.
import ts from 'typescript';
import { textsFor } from './operators.ts';

/** One change to a source file. */
export interface Mutant {
  readonly id: number;
  readonly file: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
  /** What stands at this place, and what is put there. */
  readonly before: string;
  readonly after: string;
}

/** Finds the global function by which mutants are chosen; without it, as in a thread, none is. */
const PRELUDE = 'const $isMutant = globalThis.$isMutant ?? (() => false); ';

/**
 * @param firstId number of the first mutant of this file.
 * @param isWanted which lines are mutated.
 */
export function instrument(
  source: ts.SourceFile,
  { checker, file, firstId, isWanted }: Scope,
): { readonly code: string; readonly mutants: readonly Mutant[] } {
  const text = source.getFullText();
  const mutants: Mutant[] = [];

  const note = (node: ts.Node, texts: readonly string[]): number[] => {
    const [start, end] = [node.getStart(source), node.end];
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    if (!isWanted(line)) return [];
    return texts.map((after) => {
      const id = firstId + mutants.length;
      mutants.push({ id, file, line, start, end, before: text.slice(start, end), after });
      return id;
    });
  };

  const render = (node: ts.Node): string => {
    const texts = isOpaque(node) ? [] : textsFor(node, checker);
    const ids = texts.length === 0 ? [] : note(node, texts);
    let inner = '';
    let at = node.getStart(source);
    if (!isOpaque(node)) {
      for (const child of childrenOf(node)) {
        inner += text.slice(at, child.getStart(source)) + render(child);
        at = child.end;
      }
    }
    inner += text.slice(at, node.end);
    if (ids.length === 0) return inner;
    if (ts.isStatement(node)) return `{ if (!$isMutant(${String(ids[0])})) { ${inner} } }`;
    const alternatives = ids.map((id, i) => `$isMutant(${id}) ? (${texts[i] ?? ''}) : `).join('');
    return `(${alternatives}(${inner}))`;
  };

  return { code: PRELUDE + render(source) + text.slice(source.end), mutants };
}

export interface Scope {
  readonly checker: ts.TypeChecker;
  readonly file: string;
  readonly firstId: number;
  readonly isWanted: (line: number) => boolean;
}

function childrenOf(node: ts.Node): ts.Node[] {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  return children;
}

/** Types, imports, and what only makes the message of an error. */
function isOpaque(node: ts.Node): boolean {
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    isMessage(node)
  );
}

/** Whether a node is an argument of what makes errors, other than a code; or what `require` says, after its condition. */
function isMessage(node: ts.Node): boolean {
  if (ts.isSourceFile(node)) return false;
  const { parent } = node;
  if (!(ts.isNewExpression(parent) || ts.isCallExpression(parent))) return false;
  const index = parent.arguments?.findIndex((argument) => argument === node) ?? -1;
  const maker = parent.expression.getText();
  if (maker === 'require') return index > 0;
  const isMade = /Error$|^refus|Old$|^expected$/.test(maker);
  return isMade && index >= 0 && !ts.isStringLiteral(node) && !ts.isObjectLiteralExpression(node);
}
