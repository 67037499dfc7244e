// Lists whose indices are known to be in range. Leaf: imports nothing.

/** The element at an index that the caller has established; a mistake there must not turn into an `undefined` secret. */
export function at<T>(list: readonly T[], index: number): T {
  const element = list[index];
  if (element === undefined) throw new RangeError(`no element ${index} in a list of ${list.length}`);
  return element;
}
