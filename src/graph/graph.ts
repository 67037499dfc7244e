// The graph of a session, by its parameters.
import type { Graph } from '../session/parameters.ts';
import { remembered } from '../leaves/remembered.ts';
import { completeGraph } from './complete.ts';
import type { Neighborhoods } from './neighborhoods.ts';
import { sparseGraph } from './sparse.ts';

/** Each message of a session asks for its graph. */
const COMPLETE = remembered(4, completeGraph);

/** @param users size of U1. */
export function neighborhoodsOf(graph: Graph, users: number): Neighborhoods {
  return graph === 'complete' ? COMPLETE(users) : sparseGraph(users, graph.neighbors);
}
