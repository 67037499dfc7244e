// What a service answers at which address, for the HTTP servers beside this file.
import { DecodeError } from 'secagg';
import type { DevelopmentService } from 'secagg/coordinator';
import { ServiceError } from 'secagg/service';

/** By path: the body of a request to the body of its response. */
export type Routes = Readonly<Record<string, (body: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>>>;

/** Requests of agents, and for development what a registrar and an application's website do in production. */
export function routesOf({ coordinator, certify, introduction }: DevelopmentService): Routes {
  return {
    '/secagg': (body) => coordinator.answer(body),
    '/certificates': certify,
    '/development': () => Promise.resolve(new TextEncoder().encode(JSON.stringify(introduction))),
  };
}

/** The status of a failed request. Whoever sent what does not come from a participant is told no reason. */
export function statusOf(error: unknown): number {
  return error instanceof DecodeError || error instanceof ServiceError ? 400 : 500;
}
