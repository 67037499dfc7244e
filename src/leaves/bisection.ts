// Bisection over the integers. Leaf: imports nothing.

/**
 * Finds the least integer in (failing, holding] for which a condition holds. The condition is monotone: from some integer on
 * it holds. It is taken to fail for `failing` and to hold for `holding`, and is tried for neither.
 */
export function leastHolding(failing: number, holding: number, holds: (integer: number) => boolean): number {
  let [below, least] = [failing, holding];
  while (least - below > 1) {
    const middle = below + Math.floor((least - below) / 2);
    if (holds(middle)) least = middle;
    else below = middle;
  }
  return least;
}
