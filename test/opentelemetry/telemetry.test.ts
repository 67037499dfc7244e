// Metrics and spans, as the SDK's exporters in memory see them: of a whole run, and of each kind of event.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type Histogram,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { SpanStatusCode } from '@opentelemetry/api';
import { developmentAgent, type AgentEvent } from '../../src/agent/index.ts';
import { developmentService, type CoordinatorEvent } from '../../src/coordinator/index.ts';
import { agentTelemetry, coordinatorTelemetry, type TelemetryOptions } from '../../src/opentelemetry/index.ts';

/** A value of a counter, or the sum and count of a histogram, by the text of its attributes. */
type Points = Readonly<Record<string, number | { readonly sum: number; readonly count: number }>>;

class Monitoring {
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #reader = new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: 2 ** 30 });
  readonly #spans = new InMemorySpanExporter();
  readonly #meters = new MeterProvider({ readers: [this.#reader] });
  readonly options: Required<TelemetryOptions> = {
    meterProvider: this.#meters,
    tracerProvider: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#spans)] }),
  };

  get spans(): readonly ReadableSpan[] {
    return this.#spans.getFinishedSpans();
  }

  async points(): Promise<Readonly<Record<string, Points>>> {
    await this.#reader.forceFlush();
    const metrics =
      this.#metrics
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap((each) => each.metrics) ?? [];
    return Object.fromEntries(
      metrics.map(({ descriptor, dataPoints }) => {
        const points = dataPoints.map(({ attributes, value }) => {
          const name = Object.entries(attributes).flatMap(([key, of]) => (key === 'secagg.task' ? [] : [String(of)]));
          const shown = typeof value === 'number' ? value : { sum: (value as Histogram).sum ?? NaN, count: value.count };
          return [name.join(' '), shown] as const;
        });
        return [descriptor.name, Object.fromEntries(points)] as const;
      }),
    );
  }

  /** The units and the kinds of all metrics. */
  async described(): Promise<Readonly<Record<string, string>>> {
    await this.#reader.forceFlush();
    const metrics =
      this.#metrics
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap((each) => each.metrics) ?? [];
    const kindOf = (value: unknown): string => (typeof value === 'number' ? 'counter' : 'histogram');
    return Object.fromEntries(
      metrics.map(({ descriptor, dataPoints }) => [descriptor.name, `${kindOf(dataPoints[0]!.value)} ${descriptor.unit}`]),
    );
  }

  end(): Promise<void> {
    return this.#meters.shutdown();
  }
}

const TASK = '00'.repeat(32);

/** One of each kind. */
const COORDINATOR_EVENTS: { readonly [K in CoordinatorEvent['type']]: Extract<CoordinatorEvent, { type: K }> } = {
  'run-opened': { type: 'run-opened', task: TASK, run: 7 },
  stage: {
    ...{ type: 'stage', task: TASK, run: 7, stage: 'training', attempt: 0, participants: 5 },
    ...{ previous: 'check-in', milliseconds: 4000 },
  },
  'round-closed': { type: 'round-closed', task: TASK, run: 7, attempt: 1, round: 2, heard: 4, missing: 1, milliseconds: 1500 },
  extended: { type: 'extended', task: TASK, run: 7, stage: 'session' },
  'attempt-failed': { type: 'attempt-failed', task: TASK, run: 7, attempt: 1, code: 'ERR_SECAGG_THRESHOLD' },
  'run-ended': {
    ...{ type: 'run-ended', task: TASK, run: 7, code: null, included: 4 },
    ...{ previous: 'session', milliseconds: 9000 },
  },
  'tick-failed': { type: 'tick-failed', code: 'ERR_SECAGG_STORE', error: new Error('the store is away') },
};

const AGENT_EVENTS: { readonly [K in AgentEvent['type']]: Extract<AgentEvent, { type: K }> } = {
  selected: { type: 'selected', run: 7 },
  'needs-input': { type: 'needs-input', run: 7 },
  'awaiting-draw': { type: 'awaiting-draw', run: 7, attempt: 1, enrolled: 9, seedAt: 1 },
  enrolled: { type: 'enrolled', run: 7, attempt: 1, users: 5 },
  sent: { type: 'sent', run: 7, attempt: 1, round: 2 },
  'attempt-failed': { type: 'attempt-failed', run: 7, attempt: 1, code: 'ERR_SECAGG_THRESHOLD' },
  waiting: { type: 'waiting', run: 7, wait: 500 },
  done: { type: 'done', run: 7, finished: true, sent: true },
  refused: { type: 'refused', run: 8, code: 'ERR_SECAGG_FLOOR', message: 'below the floors' },
  'input-refused': { type: 'input-refused', run: 7, code: null, message: 'data: expected 2 components, got 3' },
  'step-failed': { type: 'step-failed', error: new Error('the network is away'), retryIn: 500 },
  superseded: { type: 'superseded' },
};

const secondsOf = ({ duration: [seconds, nanoseconds] }: ReadableSpan): number => seconds + nanoseconds / 1e9;

describe('telemetry', () => {
  const { warn } = console;
  let monitoring: Monitoring;
  beforeEach(() => (monitoring = new Monitoring()));
  afterEach(async () => {
    console.warn = warn;
    await monitoring.end();
  });

  it('a run of three participants is counted and timed on both sides, and its sum is right', async () => {
    console.warn = (): void => undefined;
    const service = developmentService({
      aggregate: { kind: 'integers', vecLen: 2, bits: 16 },
      ...{ threshold: 3, maxUsers: 3, listener: coordinatorTelemetry(monitoring.options) },
    });
    const ending = new AbortController();
    const key = await service.openRun();
    const agents = [0, 1, 2].map((id) =>
      developmentAgent({
        ...{ id, introduction: service.introduction, listener: agentTelemetry(monitoring.options) },
        certify: (request) => service.registrar.certify(request, { id }),
        exchange: (request) => service.coordinator.answer(request),
        inputs: { load: () => Promise.resolve({ id: 'today', data: [id, 1] }) },
      }),
    );
    for (const agent of await Promise.all(agents)) {
      void agent.run({ signal: ending.signal });
    }
    const outcome = await service.coordinator.finished(key);
    expect(outcome).to.deep.include({ kind: 'finished', result: Int32Array.of(3, 3) });
    const both = (): boolean => monitoring.spans.filter(({ name }) => name === 'secagg.participation').length === 3;
    while (!both()) await new Promise((resolve) => setTimeout(resolve, 20));
    ending.abort();

    const points = await monitoring.points();
    expect(points['secagg.coordinator.runs.opened']).to.deep.equal({ '': 1 });
    expect(points['secagg.coordinator.runs.ended']).to.deep.equal({ none: 1 });
    expect(points['secagg.coordinator.included']).to.deep.equal({ '': { sum: 3, count: 1 } });
    expect(points['secagg.coordinator.round.heard']).to.deep.equal({ 0: 3, 1: 3, 2: 3, 3: 3, 4: 3 });
    expect(points['secagg.coordinator.round.missing']).to.deep.equal({ 0: 0, 1: 0, 2: 0, 3: 0, 4: 0 });
    expect(Object.keys(points['secagg.coordinator.stage.duration']!)).to.have.members(['check-in', 'training', 'session']);
    expect(points['secagg.agent.runs.selected']).to.deep.equal({ '': 3 });
    expect(points['secagg.agent.runs.done']).to.deep.equal({ 'true true': 3 });
    expect(points['secagg.agent.answers']).to.deep.equal({ 0: 3, 1: 3, 2: 3, 3: 3, 4: 3 });

    const names = monitoring.spans.map(({ name, attributes: { 'secagg.stage': stage, 'secagg.round': round } }) =>
      [name, stage ?? round ?? ''].join(' ').trim(),
    );
    const rounds = [0, 1, 2, 3, 4].map((round) => `secagg.round ${round}`);
    const stages = ['check-in', 'training', 'session'].map((stage) => `secagg.stage ${stage}`);
    expect(names).to.have.members([...rounds, ...stages, ...Array<string>(3).fill('secagg.participation')]);
    for (const span of monitoring.spans) expect(span.attributes['secagg.run']).to.equal(key.run);
    const [participation] = monitoring.spans.filter(({ name }) => name === 'secagg.participation');
    expect(participation!.events.map(({ attributes }) => attributes?.['secagg.round'])).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it('a span begins when the stage or the round began, and ends now', () => {
    const listener = coordinatorTelemetry(monitoring.options);
    for (const type of ['stage', 'round-closed', 'run-ended'] as const) listener(COORDINATOR_EVENTS[type]);
    expect(monitoring.spans.map(secondsOf)).to.deep.equal([4, 1.5, 9]);
    for (const { endTime, parentSpanContext, status } of monitoring.spans) {
      expect(Math.abs(endTime[0] - Date.now() / 1000)).to.be.below(5);
      expect(parentSpanContext).to.equal(undefined);
      expect(status.code).to.equal(SpanStatusCode.UNSET);
    }
  });

  it('a run without a sum has the code of its error on both sides', async () => {
    const code = 'ERR_SECAGG_THRESHOLD';
    coordinatorTelemetry(monitoring.options)({ ...COORDINATOR_EVENTS['run-ended'], code, included: 0 });
    const listener = agentTelemetry(monitoring.options);
    listener(AGENT_EVENTS.selected);
    listener({ ...AGENT_EVENTS.done, finished: false, sent: false });
    const points = await monitoring.points();
    expect(points['secagg.coordinator.runs.ended']).to.deep.equal({ [code]: 1 });
    expect(points).not.to.have.property('secagg.coordinator.included');
    expect(points['secagg.agent.runs.done']).to.deep.equal({ 'false false': 1 });
    expect(monitoring.spans.map(({ status }) => status)).to.deep.equal([
      { code: SpanStatusCode.ERROR, message: code },
      { code: SpanStatusCode.ERROR, message: 'no sum' },
    ]);
  });

  it('an agent that was restarted in a run has no span and no duration for it', async () => {
    const listener = agentTelemetry(monitoring.options);
    listener(AGENT_EVENTS.sent);
    listener(AGENT_EVENTS.done);
    const points = await monitoring.points();
    expect(points['secagg.agent.runs.done']).to.deep.equal({ 'true true': 1 });
    expect(points).not.to.have.property('secagg.agent.participation.duration');
    expect(monitoring.spans).to.have.lengthOf(0);
  });

  it('an option that it does not know is refused', () => {
    const unknown = { meterProvidr: monitoring.options.meterProvider } as TelemetryOptions;
    expect(() => coordinatorTelemetry(unknown)).to.throw(TypeError, 'meterProvidr');
    expect(() => agentTelemetry(unknown)).to.throw(TypeError, 'meterProvidr');
  });

  it('docs/telemetry.md lists each metric with its kind and unit, and no other', async () => {
    const [ofCoordinator, ofAgent] = [coordinatorTelemetry(monitoring.options), agentTelemetry(monitoring.options)];
    for (const event of Object.values(COORDINATOR_EVENTS)) ofCoordinator(event);
    for (const event of Object.values(AGENT_EVENTS)) ofAgent(event);
    const text = readFileSync(fileURLToPath(new URL('../../docs/telemetry.md', import.meta.url)), 'utf8');
    const rows = [...text.matchAll(/^\| `(secagg\.[a-z.]+)` +\| (counter|histogram) +\| `([^`]+)`/gm)];
    const documented = Object.fromEntries(rows.map(([, name, kind, unit]) => [name!, `${kind} ${unit}`]));
    expect(documented).to.deep.equal(await monitoring.described());
    const alerts = text.split('## Alerts')[1]!;
    for (const [, name] of alerts.matchAll(/`(secagg\.[a-z.]+)`/g)) expect(documented).to.have.property(name!);
  });
});
