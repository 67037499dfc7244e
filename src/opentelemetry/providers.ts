// Where metrics and spans go.
import { metrics, trace, type Meter, type MeterProvider, type Tracer, type TracerProvider } from '@opentelemetry/api';
import { checkNames } from '../leaves/checks.ts';
import { SCOPE } from './attributes.ts';

/** Where metrics and spans go. */
export interface TelemetryOptions {
  /** Takes the metrics; default: the one that the application has registered with `metrics.setGlobalMeterProvider`. */
  readonly meterProvider?: MeterProvider;
  /** Takes the spans; default: the one that the application has registered with `trace.setGlobalTracerProvider`. */
  readonly tracerProvider?: TracerProvider;
}

/** @throws TypeError that names an unknown option. */
export function providersOf(options: TelemetryOptions): { readonly meter: Meter; readonly tracer: Tracer } {
  checkNames(options, 'options', ['meterProvider', 'tracerProvider']);
  const { meterProvider = metrics, tracerProvider = trace } = options;
  return { meter: meterProvider.getMeter(SCOPE), tracer: tracerProvider.getTracer(SCOPE) };
}
