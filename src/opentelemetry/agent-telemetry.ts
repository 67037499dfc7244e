// The events of an agent as metrics and spans.
import { SpanStatusCode, type Span } from '@opentelemetry/api';
import type { AgentEvent } from '../agent/events.ts';
import type { Listener } from '../leaves/events.ts';
import { ATTRIBUTES } from './attributes.ts';
import { providersOf, type TelemetryOptions } from './providers.ts';

/**
 * A listener for the option `listener` of an `Agent`: it counts what the participant does, and times its participations. Make one for
 * each agent.
 *
 * A span `secagg.participation` lasts from the event `selected` to the end of the run, with an event for each answer. An agent that was
 * restarted in between has no span for this run. Whoever gets the metrics of one device learns when its person takes part.
 *
 * @param options where metrics and spans go; default: the global providers of `@opentelemetry/api`.
 * @throws TypeError that names an unknown option.
 * @example
 * ```js
 * import { MeterProvider } from '@opentelemetry/sdk-metrics';
 * import { agentTelemetry } from 'secagg/opentelemetry';
 *
 * const listener = agentTelemetry({ meterProvider: new MeterProvider({ readers: [] }) });
 * // new Agent({ …, listener })
 * listener({ type: 'selected', run: 7 });
 * ```
 */
export function agentTelemetry(options: TelemetryOptions = {}): Listener<AgentEvent> {
  const { meter, tracer } = providersOf(options);
  const selected = meter.createCounter('secagg.agent.runs.selected', {
    description: 'Runs that the participant was selected for.',
    unit: '{run}',
  });
  const done = meter.createCounter('secagg.agent.runs.done', {
    description: 'Runs that are over for the participant, by whether there is a sum, and whether its input was sent.',
    unit: '{run}',
  });
  const answers = meter.createCounter('secagg.agent.answers', {
    description: 'Answers that have arrived at the coordinator.',
    unit: '{answer}',
  });
  const attemptsFailed = meter.createCounter('secagg.agent.attempts.failed', {
    description: 'Attempts that the participant is out of; the code is none if the coordinator has begun another attempt.',
    unit: '{attempt}',
  });
  const refusals = meter.createCounter('secagg.agent.refusals', {
    description: 'Runs that the participant has refused, and refusals of the coordinator.',
    unit: '{refusal}',
  });
  const inputsRefused = meter.createCounter('secagg.agent.inputs.refused', {
    description: 'Inputs of the application that do not fit the task, so that the participant has left the run.',
    unit: '{input}',
  });
  const stepsFailed = meter.createCounter('secagg.agent.steps.failed', {
    description: 'Steps that have failed, for example because of the network.',
    unit: '{step}',
  });
  const superseded = meter.createCounter('secagg.agent.superseded', {
    description: 'Agents that have stopped because a newer state exists.',
    unit: '{agent}',
  });
  const durations = meter.createHistogram('secagg.agent.participation.duration', {
    description: 'How long a run has lasted for the participant, from its selection on.',
    unit: 's',
  });

  let present: { readonly run: number; readonly since: number; readonly span: Span } | null = null;
  const end = (failure: string | null): void => {
    if (present === null) return;
    if (failure !== null) present.span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
    present.span.end();
    present = null;
  };

  return (event) => {
    switch (event.type) {
      case 'selected':
        selected.add(1);
        end('ERR_SECAGG_RUN'); // the coordinator has forgotten the run before
        present = {
          run: event.run,
          since: Date.now(),
          span: tracer.startSpan('secagg.participation', { attributes: { [ATTRIBUTES.run]: event.run }, root: true }),
        };
        break;
      case 'sent':
        answers.add(1, { [ATTRIBUTES.round]: event.round });
        present?.span.addEvent('secagg.answer', { [ATTRIBUTES.attempt]: event.attempt, [ATTRIBUTES.round]: event.round });
        break;
      case 'attempt-failed':
        attemptsFailed.add(1, { [ATTRIBUTES.code]: event.code ?? 'none' });
        present?.span.addEvent('secagg.attempt.failed', {
          [ATTRIBUTES.attempt]: event.attempt,
          [ATTRIBUTES.code]: event.code ?? 'none',
        });
        break;
      case 'done':
        done.add(1, { 'secagg.finished': event.finished, 'secagg.sent': event.sent });
        if (present?.run === event.run) durations.record((Date.now() - present.since) / 1000);
        end(event.finished ? null : 'no sum');
        break;
      case 'refused':
        refusals.add(1, { [ATTRIBUTES.code]: event.code });
        break;
      case 'input-refused':
        inputsRefused.add(1, { [ATTRIBUTES.code]: event.code ?? 'none' });
        end(event.code ?? 'the input does not fit');
        break;
      case 'step-failed':
        stepsFailed.add(1);
        break;
      case 'superseded':
        superseded.add(1);
        end('superseded');
        break;
      case 'needs-input':
      case 'awaiting-draw':
      case 'enrolled':
      case 'waiting':
        break; // the coordinator counts the stages
    }
  };
}
