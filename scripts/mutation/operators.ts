// What a mutation run changes: for each expression or statement of a source file, the texts that may stand in its place. Messages of
// errors are left alone, because tests never assert on them.
import ts from 'typescript';

/** Calls of these methods are replaced by their receiver. */
const COPIES = new Set(['slice', 'subarray', 'filter', 'sort', 'toSorted', 'reverse', 'toReversed', 'concat', 'flat', 'trim']);
/** Calls of these functions are replaced by their argument. */
const IDENTITIES = new Set(['copyOf', 'Uint8Array.from', 'Array.from', 'Object.freeze', 'structuredClone']);

const EXCHANGED: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
  '&': ['|'],
  '|': ['&'],
  '^': ['|'],
  '+=': ['-=', '='],
  '-=': ['+=', '='],
  '*=': ['/=', '='],
  '|=': ['&=', '='],
  '^=': ['|=', '='],
};

/** Of `a ∘ b` with one of these operators, `a` alone and `b` alone are tried too. */
const DROPPED = new Set(['&&', '||', '+', '|', '^']);

const METHODS: Readonly<Record<string, string>> = {
  every: 'some',
  some: 'every',
  min: 'max',
  max: 'min',
  ceil: 'floor',
  floor: 'ceil',
};

/** The texts that may replace a node; for a statement an empty text, which removes it. */
export function textsFor(node: ts.Node, checker: ts.TypeChecker): string[] {
  if (ts.isStatement(node)) return isRemovable(node) ? [''] : [];
  if (!ts.isExpression(node) || !isReplaceable(node)) return [];
  const texts = [...ofValue(node, checker), ...ofOperator(node), ...ofCall(node), ...ofList(node), ...ofLiteral(node)];
  return [...new Set(texts)].filter((text) => text !== node.getText());
}

function isRemovable(statement: ts.Statement): boolean {
  // An `if` without `else` is removed by the condition `false`.
  const { parent } = statement;
  const only = ts.isBlock(parent) && parent.statements.length === 1 ? parent.parent : parent;
  if (ts.isIfStatement(only) && only.elseStatement === undefined) return false;
  if (ts.isExpressionStatement(statement)) {
    const { expression } = statement;
    return !(ts.isCallExpression(expression) && expression.expression.kind === ts.SyntaxKind.SuperKeyword);
  }
  return ts.isThrowStatement(statement) || ts.isContinueStatement(statement);
}

/** Whether another expression may stand in its place: it is no target of an assignment and no link of an optional chain. */
function isReplaceable(node: ts.Expression): boolean {
  const { parent } = node;
  if ((node.flags & ts.NodeFlags.OptionalChain) !== 0 && (parent.flags & ts.NodeFlags.OptionalChain) !== 0) return false;
  if (ts.isSpreadElement(node)) return false;
  for (let at: ts.Node = node; ; at = at.parent) {
    const above = at.parent;
    if (ts.isBinaryExpression(above) && above.left === at && above.operatorToken.kind === ts.SyntaxKind.EqualsToken) return false;
    if (!ts.isArrayLiteralExpression(above) && !ts.isSpreadElement(above)) return true;
  }
}

/** The whole value of a condition, of what is returned, and of a call-back without a body. */
function ofValue(node: ts.Expression, checker: ts.TypeChecker): string[] {
  if (isCondition(node)) return isLoop(node.parent) ? ['false'] : ['true', 'false'];
  if (!isReturned(node)) return [];
  const type = checker.getTypeAtLocation(node);
  const kinds = type.isUnion() ? type.types : [type];
  const has = (flag: ts.TypeFlags): boolean => kinds.some(({ flags }) => (flags & flag) !== 0);
  if (kinds.every(({ flags }) => (flags & ts.TypeFlags.BooleanLike) !== 0)) return ['true', 'false'];
  const constants = [];
  if (has(ts.TypeFlags.Null)) constants.push('null');
  if (has(ts.TypeFlags.Undefined)) constants.push('undefined');
  if (has(ts.TypeFlags.NumberLike)) constants.push('0');
  if (checker.isArrayType(type)) constants.push('[]');
  if (checker.typeToString(type).startsWith('Uint8Array')) constants.push('new Uint8Array(32)');
  return constants;
}

function isCondition(node: ts.Expression): boolean {
  const { parent } = node;
  if (ts.isForStatement(parent)) return parent.condition === node;
  if (ts.isConditionalExpression(parent)) return parent.condition === node;
  return (ts.isIfStatement(parent) || isLoop(parent)) && parent.expression === node;
}

function isLoop(node: ts.Node): node is ts.IterationStatement & { readonly expression: ts.Expression } {
  return ts.isForStatement(node) || ts.isWhileStatement(node) || ts.isDoStatement(node);
}

function isReturned({ parent }: ts.Expression): boolean {
  return ts.isReturnStatement(parent) || ts.isArrowFunction(parent);
}

function ofOperator(node: ts.Expression): string[] {
  if (ts.isPrefixUnaryExpression(node)) {
    const signs = [ts.SyntaxKind.ExclamationToken, ts.SyntaxKind.MinusToken, ts.SyntaxKind.TildeToken];
    return signs.includes(node.operator) ? [node.operand.getText()] : [];
  }
  if (!ts.isBinaryExpression(node)) return [];
  const [left, operator, right] = [node.left.getText(), node.operatorToken.getText(), node.right.getText()];
  // The compiler asks for `?? 0` where an index is always in range, so that only its left side is tried for numbers.
  if (operator === '??') return ts.isNumericLiteral(node.right) ? [right] : [left, right];
  const exchanged = (EXCHANGED[operator] ?? []).map((other) => `${left} ${other} ${right}`);
  const isTested = isCondition(node) || isReturned(node);
  // Of what is a condition, `true` and `false` are tried, which is more than its negation.
  const kept = isTested ? exchanged.filter((_, i) => i === 0 && !operator.endsWith('==')) : exchanged;
  return DROPPED.has(operator) ? [...kept, left, right] : kept;
}

function ofCall(node: ts.Expression): string[] {
  if (ts.isNewExpression(node) && node.arguments?.length === 1) {
    return ['Set', 'Map'].includes(node.expression.getText()) ? node.arguments.map((argument) => argument.getText()) : [];
  }
  if (!ts.isCallExpression(node)) return [];
  const { expression: callee, arguments: given } = node;
  const texts: string[] = [];
  if (IDENTITIES.has(callee.getText()) && given.length === 1) texts.push(...given.map((argument) => argument.getText()));
  if (!ts.isPropertyAccessExpression(callee)) return texts;
  if (COPIES.has(callee.name.text)) texts.push(callee.expression.getText());
  const other = METHODS[callee.name.text];
  if (other !== undefined) {
    const end = callee.name.getStart() - node.getStart();
    texts.push(node.getText().slice(0, end) + other + node.getText().slice(end + callee.name.text.length));
  }
  return texts;
}

/** Each element of a list is left out in turn; of a copy by `[...list]`, the list itself is tried. */
function ofList(node: ts.Expression): string[] {
  if (!ts.isArrayLiteralExpression(node)) return [];
  const [text, start] = [node.getText(), node.getStart()];
  const texts = node.elements.map((element, i) => {
    const [before, after] = [node.elements[i - 1], node.elements[i + 1]];
    const from = after === undefined && before !== undefined ? before.end : element.getStart();
    return text.slice(0, from - start) + text.slice((after?.getStart() ?? element.end) - start);
  });
  const [first] = node.elements;
  return node.elements.length === 1 && first !== undefined && ts.isSpreadElement(first)
    ? [...texts, first.expression.getText()]
    : texts;
}

function ofLiteral(node: ts.Expression): string[] {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(node) && node.expression.getText() === 'LABELS') return [`${node.getText()}.slice(1)`];
  if ((parent as Partial<ts.NamedDeclaration>).name === node) return [];
  if (node.kind === ts.SyntaxKind.TrueKeyword) return ['false'];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return ['true'];
  if (ts.isBigIntLiteral(node)) return [`(${node.text} + 1n)`];
  if (ts.isNumericLiteral(node)) return isFiller(node) ? [] : [String(Number(node.text) + 1)];
  // What is passed to a function names an argument in a message, unless it is a code.
  if (!ts.isStringLiteral(node)) return [];
  return isArgument(node) && !node.text.startsWith('ERR_') ? [] : [`'${node.text === '' ? 'x' : ''}'`];
}

/** Whether the compiler asks for the number only, or it is what wipes an array: that the array is wiped is another mutant. */
function isFiller({ parent }: ts.NumericLiteral): boolean {
  if (ts.isCallExpression(parent) && parent.expression.getText().endsWith('.fill')) return true;
  return ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken;
}

function isArgument({ parent }: ts.Expression): boolean {
  const isCall = ts.isCallExpression(parent) && parent.expression.getText() !== 'label';
  return isCall || ts.isNewExpression(parent) || ts.isArrayLiteralExpression(parent);
}
