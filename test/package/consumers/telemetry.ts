// A program that uses secagg/opentelemetry, in projects whose libraries have what @opentelemetry/api needs.
import { Coordinator, type CoordinatorOptions } from 'secagg/coordinator';
import { agentTelemetry, coordinatorTelemetry, type TelemetryOptions } from 'secagg/opentelemetry';

/** Events of both sides as metrics and spans. */
export function watched(options: Omit<CoordinatorOptions, 'listener'>, telemetry: TelemetryOptions): Coordinator {
  agentTelemetry(telemetry)({ type: 'selected', run: 1 });
  return new Coordinator({ ...options, listener: coordinatorTelemetry(telemetry) });
}
