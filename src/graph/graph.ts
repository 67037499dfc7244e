// The graph that a session's parameters ask for.
import type { Graph } from '../parameters.ts';
import { completeGraph } from './complete.ts';
import type { Neighbourhoods } from './neighbourhoods.ts';
import { ring } from './ring.ts';

/** @param users size of U1. */
export function neighbourhoodsOf(graph: Graph, users: number): Neighbourhoods {
  return graph === 'complete' ? completeGraph(users) : ring(users, graph.neighbors);
}
