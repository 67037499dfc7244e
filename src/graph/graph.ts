// The graph of a session, by its parameters.
import type { Graph } from '../session/parameters.ts';
import { completeGraph } from './complete.ts';
import type { Neighborhoods } from './neighborhoods.ts';
import { sparseGraph } from './sparse.ts';

/** @param users size of U1. */
export function neighborhoodsOf(graph: Graph, users: number): Neighborhoods {
  return graph === 'complete' ? completeGraph(users) : sparseGraph(users, graph.neighbors);
}
