// The layout of values in the vector: one flat array, or an object of named tensors, which may be nested.
import { checkInteger, checkObject, kindOf } from '../leaves/checks.ts';
import { checkMemory } from '../leaves/typed-arrays.ts';
import { exactNames, memberName } from './checks.ts';
import { EncodingError } from './encoding-error.ts';
import { nameOf } from './statistic.ts';

/** A tensor's dimensions, rows first; `[]` is a scalar. A tensor with a dimension of 0 is empty, and takes no component. */
export type Shape = readonly number[];

/** Names to shapes, or to further names. */
export interface Shapes {
  /** A tensor's shape, or further names. */
  readonly [name: string]: Shape | Shapes;
}

/** Values of a tensor in row-major order. */
export interface Tensor<Values> {
  /** The tensor's dimensions. */
  readonly shape: Shape;
  /** Its values in row-major order. */
  readonly data: Values;
}

/** An object nested like `S`, with a tensor where `S` has a shape. */
export type Tensors<S, Values> = S extends Shape ? Tensor<Values> : { readonly [Name in keyof S]: Tensors<S[Name], Values> };

/** The form of the values of a plan: the length of a flat array, or the shapes of named tensors. */
export type Dimensions =
  | {
      /** Number of values, which are one flat array. */
      readonly length: number;
      /** Not beside `length`. */
      readonly shapes?: never;
    }
  | {
      /** Shapes of the named tensors that the values are. */
      readonly shapes: Shapes;
      /** Not beside `shapes`. */
      readonly length?: never;
    };

/** The values of a plan: a flat array, or named tensors. */
export type ValuesOf<Plan, Values> = Plan extends { readonly shapes: infer S } ? Tensors<S, Values> : Values;

/** An array of values, and its name in errors. */
export interface Named {
  readonly name: string;
  readonly data: ArrayLike<unknown>;
  /** How many values are read, even if an array with getters changes its length meanwhile. */
  readonly length: number;
}

interface Leaf {
  /** Undefined for a flat array. */
  readonly shape: Shape | undefined;
  readonly length: number;
}
interface Branch {
  readonly children: readonly (readonly [string, Tree])[];
  readonly length: number;
}
type Tree = Leaf | Branch;

const MAX_LENGTH = 2 ** 32 - 1;

/** The order and the shapes of all values. */
export class Layout {
  readonly length: number;
  /** For the session tag: the same for all parties with the same layout. */
  readonly description: unknown;
  readonly #tree: Tree;

  constructor({ length, shapes }: { readonly length?: number; readonly shapes?: Shapes }) {
    if ((length === undefined) === (shapes === undefined)) {
      throw new TypeError(`plan: expected either length or shapes, got ${length === undefined ? 'neither' : 'both'}`);
    }
    this.#tree =
      shapes === undefined
        ? { shape: undefined, length: checkInteger(length, 'length', 1, MAX_LENGTH) }
        : branchOf(checkObject(shapes, 'shapes'), 'shapes');
    this.length = this.#tree.length;
    if (this.length === 0) {
      const message = 'expected at least one value, got none: each tensor has a dimension of 0';
      throw new EncodingError('ERR_SECAGG_NO_VALUES', message, { element: 'shapes', value: 0, limits: [1, MAX_LENGTH] });
    }
    this.description = describe(this.#tree);
  }

  /**
   * A user's values in the order of the vector, without copying them. `path` is the name of the plan in a combination.
   *
   * @throws TypeError, RangeError that name the path.
   */
  arrays(data: unknown, path: readonly string[]): readonly Named[] {
    const arrays: Named[] = [];
    collect(this.#tree, data, nameOf('data', path), arrays);
    return arrays;
  }

  /** The names at the top of `shapes`, in the order of the vector, with their numbers of values; null for a flat array. */
  get groups(): readonly (readonly [name: string, length: number])[] | null {
    return 'children' in this.#tree ? this.#tree.children.map(([name, { length }]) => [name, length] as const) : null;
  }

  /** The decoded values in the form of the plan. `make` gives those of one tensor. */
  restore(make: (offset: number, length: number) => unknown): unknown {
    return restore(this.#tree, 0, make);
  }

  /** The name of one value of a sum in errors, and its index in its tensor. */
  elementAt(index: number, path: readonly string[]): { readonly element: string; readonly index: number } {
    let tree = this.#tree;
    let name = nameOf('sum', path);
    let rest = index;
    while ('children' in tree) {
      for (const [key, child] of tree.children) {
        tree = child;
        if (rest < child.length) {
          name = memberName(name, key);
          break;
        }
        rest -= child.length;
      }
    }
    return { element: `${name}[${rest}]`, index: rest };
  }
}

/** The tensors ordered by name, so that all parties agree however they wrote the plan. */
function branchOf(shapes: Readonly<Record<string, unknown>>, name: string): Branch {
  const children = Object.entries(shapes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => [key, treeOf(value, memberName(name, key))] as const);
  if (children.length === 0) throw new RangeError(`${name}: expected at least one tensor, got none`);
  return {
    children,
    length: checkedLength(
      children.reduce((sum, [, child]) => sum + child.length, 0),
      name,
    ),
  };
}

function treeOf(value: unknown, name: string): Tree {
  if (!Array.isArray(value)) return branchOf(checkObject(value, name), name);
  const shape = Array.from<unknown, number>(value, (n, i) => checkInteger(n, `${name}[${i}]`, 0, MAX_LENGTH));
  // The product of many large dimensions is infinite, and no longer 0 when it is multiplied by 0.
  const length = shape.includes(0) ? 0 : shape.reduce((product, n) => product * n, 1);
  return { shape, length: checkedLength(length, name) };
}

function checkedLength(length: number, name: string): number {
  if (length > MAX_LENGTH) throw new RangeError(`${name}: expected at most ${MAX_LENGTH} values, got ${length}`);
  return length;
}

function describe(tree: Tree): unknown {
  if ('children' in tree) return tree.children.map(([key, child]) => [key, describe(child)]);
  return tree.shape ?? tree.length;
}

function collect(tree: Tree, data: unknown, name: string, arrays: Named[]): void {
  if ('children' in tree) {
    const values = exactNames(
      data,
      tree.children.map(([key]) => key),
      name,
    );
    for (const [key, child] of tree.children) collect(child, values[key], memberName(name, key), arrays);
  } else if (tree.shape === undefined) {
    arrays.push({ name, data: arrayOf(data, name, tree.length), length: tree.length });
  } else {
    if (Array.isArray(data) || ArrayBuffer.isView(data)) {
      throw new TypeError(`${name}: expected an object { shape, data }, got an array of values`);
    }
    const { shape, data: values } = exactNames(data, ['data', 'shape'], name);
    // A shape that came with other data is not told: the values may stand in its place.
    const isTold = (values as ArrayLike<unknown> | null | undefined)?.length === tree.length;
    checkShape(shape, tree.shape, `${name}.shape`, isTold);
    arrays.push({ name: `${name}.data`, data: arrayOf(values, `${name}.data`, tree.length), length: tree.length });
  }
}

/** `Object.fromEntries` makes `__proto__` a name like any other. */
function restore(tree: Tree, offset: number, make: (offset: number, length: number) => unknown): unknown {
  if ('children' in tree) {
    let at = offset;
    const entries = tree.children.map(([key, child]) => {
      const value = restore(child, at, make);
      at += child.length;
      return [key, value] as const;
    });
    return Object.fromEntries(entries);
  }
  const data = make(offset, tree.length);
  return tree.shape === undefined ? data : { shape: [...tree.shape], data };
}

function checkShape(given: unknown, shape: Shape, name: string, isTold: boolean): void {
  if (!Array.isArray(given)) throw new TypeError(`${name}: expected [${shape.join(', ')}], got ${kindOf(given)}`);
  if (given.length === shape.length && shape.every((n, i) => given[i] === n)) return;
  const came = isTold && given.every(Number.isSafeInteger) ? `[${given.join(', ')}]` : `${given.length} other dimensions`;
  throw new RangeError(`${name}: expected [${shape.join(', ')}], got ${came}`);
}

/** Checks that data is any kind of array. Its elements are checked when they are read. */
export function arrayOf(data: unknown, name: string, length?: number): ArrayLike<unknown> {
  if (!Array.isArray(data) && !(ArrayBuffer.isView(data) && 'length' in data)) {
    throw new TypeError(`${name}: expected an array or a typed array, got ${kindOf(data)}`);
  }
  checkMemory(data, name);
  const array = data as ArrayLike<unknown>;
  if (length !== undefined && array.length !== length) {
    throw new RangeError(`${name}: expected ${length} values, got ${array.length}`);
  }
  return array;
}
