// What a development set-up hands to its participants: everything that in production comes from parties that do not work together.

/** Plain JSON. Whoever gives it decides everything: see `developmentService` of `secagg/coordinator`. */
export interface DevelopmentIntroduction {
  /** Tells the document from others. */
  readonly secagg: 'development';
  /** The task, as `Task.fromJSON` takes it. */
  readonly task: unknown;
  /** The coordinator's public key, in hexadecimal digits. */
  readonly coordinator: string;
}

/** What everybody is told who uses a development set-up. */
export const DEVELOPMENT_WARNING: string =
  'secagg: this is a development set-up. One process is registrar, publisher and coordinator, so whoever runs it can read any input. ' +
  'docs/service.md says how to separate them.';
