// The events of a coordinator as metrics and spans.
import { SpanStatusCode, type Attributes } from '@opentelemetry/api';
import type { CoordinatorEvent } from '../coordinator/events.ts';
import type { Listener } from '../leaves/events.ts';
import { ATTRIBUTES } from './attributes.ts';
import { providersOf, type TelemetryOptions } from './providers.ts';

/**
 * A listener for the option `listener` of a `Coordinator`: it counts and times runs, stages and rounds.
 *
 * Nothing is remembered between two events, because several processes may serve one run, each of which tells what it has decided itself. So
 * each stage and each round is a span of its own, which begins when it began by service time, and spans are not nested: the attributes
 * `secagg.task` and `secagg.run` say what belongs together. No metric and no span names a participant.
 *
 * @param options where metrics and spans go; default: the global providers of `@opentelemetry/api`.
 * @throws TypeError that names an unknown option.
 * @example
 * ```js
 * import { MeterProvider } from '@opentelemetry/sdk-metrics';
 * import { genKeypair } from 'secagg';
 * import { Coordinator } from 'secagg/coordinator';
 * import { coordinatorTelemetry } from 'secagg/opentelemetry';
 *
 * const meterProvider = new MeterProvider({ readers: [] }); // in production: with the exporter of your monitoring
 * const listener = coordinatorTelemetry({ meterProvider });
 * const coordinator = new Coordinator({ keypair: genKeypair(), tasks: [], listener });
 * console.log(coordinator.tasks.length); // prints: 0
 * ```
 */
export function coordinatorTelemetry(options: TelemetryOptions = {}): Listener<CoordinatorEvent> {
  const { meter, tracer } = providersOf(options);
  const runsOpened = meter.createCounter('secagg.coordinator.runs.opened', {
    description: 'Runs that were opened.',
    unit: '{run}',
  });
  const runsEnded = meter.createCounter('secagg.coordinator.runs.ended', {
    description: 'Runs that have ended, by the code of their error, which is none for those with a sum.',
    unit: '{run}',
  });
  const included = meter.createHistogram('secagg.coordinator.included', {
    description: 'Users in a sum.',
    unit: '{user}',
  });
  const stages = meter.createHistogram('secagg.coordinator.stage.duration', {
    description: 'How long a stage of a run has lasted, in service time.',
    unit: 's',
  });
  const rounds = meter.createHistogram('secagg.coordinator.round.duration', {
    description: 'How long a protocol round has lasted, in service time.',
    unit: 's',
  });
  const heard = meter.createCounter('secagg.coordinator.round.heard', {
    description: 'Participants that had answered when a protocol round was closed.',
    unit: '{participant}',
  });
  const missing = meter.createCounter('secagg.coordinator.round.missing', {
    description: 'Participants that had not answered when a protocol round was closed.',
    unit: '{participant}',
  });
  const attemptsFailed = meter.createCounter('secagg.coordinator.attempts.failed', {
    description: 'Attempts that have failed.',
    unit: '{attempt}',
  });
  const extensions = meter.createCounter('secagg.coordinator.extensions', {
    description: 'Stages and rounds that were extended, because too few participants had come.',
    unit: '{extension}',
  });
  const ticksFailed = meter.createCounter('secagg.coordinator.ticks.failed', {
    description: 'Things that were due and have failed, for example because of the store.',
    unit: '{tick}',
  });

  /** What has lasted so long, and ends now. */
  const span = (name: string, milliseconds: number, attributes: Attributes, code: string | null): void => {
    const end = Date.now();
    const lasted = tracer.startSpan(name, { startTime: end - milliseconds, attributes, root: true });
    if (code !== null) lasted.setStatus({ code: SpanStatusCode.ERROR, message: code });
    lasted.end(end);
  };

  return (event) => {
    if (event.type === 'tick-failed') {
      ticksFailed.add(1, { [ATTRIBUTES.code]: event.code ?? 'none' });
      return;
    }
    const task = { [ATTRIBUTES.task]: event.task };
    const ofRun = { ...task, [ATTRIBUTES.run]: event.run };
    switch (event.type) {
      case 'run-opened':
        runsOpened.add(1, task);
        break;
      case 'stage': {
        const stage = { [ATTRIBUTES.stage]: event.previous };
        stages.record(event.milliseconds / 1000, { ...task, ...stage });
        span('secagg.stage', event.milliseconds, { ...ofRun, ...stage }, null);
        break;
      }
      case 'round-closed': {
        const round = { ...task, [ATTRIBUTES.round]: event.round };
        rounds.record(event.milliseconds / 1000, round);
        heard.add(event.heard, round);
        missing.add(event.missing, round);
        const attributes = { ...ofRun, [ATTRIBUTES.attempt]: event.attempt, [ATTRIBUTES.round]: event.round };
        span('secagg.round', event.milliseconds, attributes, null);
        break;
      }
      case 'extended':
        extensions.add(1, { ...task, [ATTRIBUTES.stage]: event.stage });
        break;
      case 'attempt-failed':
        attemptsFailed.add(1, { ...task, [ATTRIBUTES.code]: event.code });
        break;
      case 'run-ended': {
        const stage = { [ATTRIBUTES.stage]: event.previous };
        runsEnded.add(1, { ...task, [ATTRIBUTES.code]: event.code ?? 'none' });
        if (event.code === null) included.record(event.included, task);
        stages.record(event.milliseconds / 1000, { ...task, ...stage });
        span('secagg.stage', event.milliseconds, { ...ofRun, ...stage }, event.code);
        break;
      }
    }
  };
}
