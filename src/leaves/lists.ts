// Lists whose indices are known to be in range. Leaf: imports nothing.

/** The element at an index that the caller has established; a mistake there must not turn into an `undefined` secret. */
export function at<T>(list: readonly T[], index: number): T {
  const element = list[index];
  if (element === undefined) throw new RangeError(`no element ${String(index)} in a list of ${String(list.length)}`);
  return element;
}
