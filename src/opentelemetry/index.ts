/**
 * The events of a running service for OpenTelemetry: metrics and spans, as `docs/telemetry.md` lists them. Needs the optional peer
 * dependency `@opentelemetry/api`.
 *
 * @packageDocumentation
 * @module secagg/opentelemetry
 */
export { agentTelemetry } from './agent-telemetry.ts';
export { coordinatorTelemetry } from './coordinator-telemetry.ts';
export type { TelemetryOptions } from './providers.ts';
