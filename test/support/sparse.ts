// Sessions on a sparse graph, and who sits where on it.
import type { SparseGraph } from '../../src/index.ts';
import { Session, type Setup } from './session.ts';

/** @param users ids 10, 13, 16, …, so that id, index in the order of ids and position in the directory are three different things. */
export function sparseSession(users: number, graph: SparseGraph, given: Partial<Setup> = {}): Session {
  const ids = Array.from({ length: users }, (_, i) => 10 + 3 * i);
  return new Session({
    ids,
    threshold: Math.max(graph.neighbors + 1, users - graph.neighbors + 1), // whoever is gone, the others stay connected
    vectorOf: (index) => [index + 1, -index, 7 * index],
    ...given,
    options: { graph, adversary: 'semi-honest', ...given.options },
  });
}

/** The ids of U1 by position, once the graph is drawn. */
export function positionsOf(session: Session): number[] {
  const { state } = JSON.parse(session.server.serializeState()) as { state: { directory: { userId: number }[] } };
  return state.directory.map(({ userId }) => userId);
}

/** A user's neighbors, from the furthest on one side to the furthest on the other. */
export function neighborsOf(session: Session, id: number): number[] {
  const places = positionsOf(session);
  const { graph } = session.setup.options;
  if (graph === undefined || graph === 'complete') throw new Error('expected a sparse graph');
  const half = graph.neighbors / 2;
  const position = places.indexOf(id);
  return Array.from({ length: 2 * half + 1 }, (_, i) => places[(position - half + i + places.length) % places.length]!).filter(
    (other) => other !== id,
  );
}
