// The cost of a session for one party: bytes sent and received, and time spent in the protocol.

export interface Cost {
  readonly bytes: number;
  readonly milliseconds: number;
}

export const NOTHING: Cost = { bytes: 0, milliseconds: 0 };

export function plus(a: Cost, b: Cost): Cost {
  return { bytes: a.bytes + b.bytes, milliseconds: a.milliseconds + b.milliseconds };
}

export function meanCost(costs: readonly Cost[]): Cost {
  const { bytes, milliseconds } = costs.reduce(plus, NOTHING);
  return { bytes: bytes / costs.length, milliseconds: milliseconds / costs.length };
}
