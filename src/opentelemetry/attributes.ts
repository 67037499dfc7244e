// The names of what is measured, and of what it is told apart by. docs/telemetry.md lists them, and a test compares.

/** Attributes of metrics and spans. Each has few values, except the run's number, which only spans have. */
export const ATTRIBUTES = {
  task: 'secagg.task',
  run: 'secagg.run',
  attempt: 'secagg.attempt',
  stage: 'secagg.stage',
  round: 'secagg.round',
  /** Of an error, as docs/errors.md lists them; `none` without one of the library's. */
  code: 'secagg.code',
} as const;

/** The instrumentation scope of all metrics and spans. */
export const SCOPE = 'secagg';
