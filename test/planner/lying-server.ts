// A model, without cryptography, of a server that lies after the sparse graph was drawn: which shares honest users reveal to it, and
// which sums of their vectors it can compute from their masked vectors.

export interface View {
  readonly u2: ReadonlySet<number>;
  readonly u3: ReadonlySet<number>;
}

/** What the server does on a sparse graph of `users`, each with `neighbors` neighbors. */
export interface Attack {
  readonly users: number;
  readonly neighbors: number;
  readonly shareThreshold: number;
  readonly corrupt: ReadonlySet<number>;
  /** The view that it shows each user; undefined if it shows none after round 2. */
  readonly shown: readonly (View | undefined)[];
  /** The set U2 that each user masks its input for. */
  readonly masked: readonly ReadonlySet<number>[];
}

/** Sets of honest users whose sum the server learns. */
export function learntSums({ users, neighbors, shareThreshold, corrupt, shown, masked }: Attack): number[][] {
  const all = Array.from({ length: users }, (_, i) => i);
  const neighborsOf = all.map((i) =>
    Array.from({ length: neighbors }, (_, j) => {
      const distance = j < neighbors / 2 ? j - neighbors / 2 : j - neighbors / 2 + 1;
      return (i + distance + users) % users;
    }),
  );
  const honest = all.filter((i) => !corrupt.has(i));
  // Round 2: a user masks for U2 only with t neighbors in it, and itself.
  const sent = all.map(
    (i) => masked[i]!.has(i) && neighborsOf[i]!.filter((j) => masked[i]!.has(j)).length >= shareThreshold && !corrupt.has(i),
  );
  // Round 3: it signs one view, whose U2 it masked for and whose U3 has it.
  const signed = all.map((i) => {
    const view = shown[i];
    return sent[i] && view !== undefined && view.u2 === masked[i] && view.u3.has(i) ? view : undefined;
  });
  // Round 4: it answers once t of its neighbors signed its view; corrupt ones sign any.
  const answered = all.map((i) => {
    const view = signed[i];
    const signers = neighborsOf[i]!.filter((j) => corrupt.has(j) || signed[j] === view).length;
    return view !== undefined && signers >= shareThreshold ? view : undefined;
  });
  const shares = (i: number, reveals: (view: View) => boolean): number =>
    neighborsOf[i]!.filter((j) => corrupt.has(j) || (answered[j] !== undefined && reveals(answered[j]))).length;
  const seedKnown = all.map((i) => shares(i, ({ u3 }) => u3.has(i)) >= shareThreshold);
  const keyKnown = all.map((i) => corrupt.has(i) || shares(i, ({ u2, u3 }) => u2.has(i) && !u3.has(i)) >= shareThreshold);

  // A mask between two users whose keys are hidden goes away only in a sum that has both, and if both made it for one U2.
  const open = (i: number): boolean => !corrupt.has(i) && sent[i]! && seedKnown[i]!;
  const hiding = (i: number): number[] => neighborsOf[i]!.filter((j) => masked[i]!.has(j) && !keyKnown[j]);
  const matched = (i: number, j: number): boolean => sent[j]! && masked[i] === masked[j] && masked[j]!.has(i);
  const sums: number[][] = [];
  const seen = new Set<number>();
  for (const start of honest) {
    if (seen.has(start)) continue;
    if (keyKnown[start]!) {
      // All its pairwise masks are known: its seed alone hides it.
      if (open(start)) sums.push([start]);
      continue;
    }
    const component = [start];
    seen.add(start);
    let whole = true;
    for (const i of component) {
      if (!open(i)) whole = false;
      for (const j of hiding(i)) {
        if (!matched(i, j)) whole = false;
        else if (!seen.has(j)) {
          seen.add(j);
          component.push(j);
        }
      }
    }
    if (whole) sums.push(component.sort((a, b) => a - b));
  }
  return sums;
}
