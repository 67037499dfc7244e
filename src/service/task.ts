// A task: what is summed again and again, by whom and within which times. Its digest is what a participant agrees to.
import type { RandomSource } from '../crypto/random.ts';
import { digest } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import { isSignPublicKey } from '../crypto/sign.ts';
import { copyOf, hex, utf8 } from '../leaves/bytes.ts';
import { checkObject, kindOf } from '../leaves/checks.ts';
import { StateError } from '../leaves/errors.ts';
import { inspectAs } from '../leaves/inspect.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import { typedArrayOf } from '../leaves/typed-arrays.ts';
import { typedBytes } from '../leaves/typed-bytes.ts';
import { bytes, decodeParsed, flag, integer, oneOf, OutOfRange, record, require, text, type Codec } from '../session/codec.ts';
import { MAX_USERS } from '../session/parameters.ts';
import { parseAggregate, planOf, type Aggregate, type AggregatePlan } from './aggregate.ts';
import type { Authority } from './certificate.ts';
import { checkGroup, graphOptions, groupCodec, mostInAttempt, type Group } from './group.ts';
import { roundWindowCodec, seconds, windowCodec, type RoundWindow, type Window } from './window.ts';

/** What an application decides about a task. */
export interface TaskDefinition {
  /** What people call it, 1 to 100 bytes. */
  readonly name: string;
  /** What is summed. */
  readonly aggregate: Aggregate;
  /** Who is in a session, and what it withstands. */
  readonly group: Group;
  /** Participants that each session of an attempt needs at least to begin; at least the threshold. */
  readonly minUsers: number;
  /** When the stages of a run end. */
  readonly windows: {
    /** Until as many have checked in as may come, or as many as are needed after `min`. */
    readonly checkIn: Window;
    /** Until those that were selected have their input ready. */
    readonly training: Window;
    /** For each of the five rounds. */
    readonly round: RoundWindow;
  };
  /** Attempts of a run at most, 1 to 100. */
  readonly attempts: number;
  /** Seconds for which the outcome of a run can be asked for. */
  readonly retention: number;
  /** The Ed25519 public key that signs the announcements of runs, 32 bytes. */
  readonly publisher: Uint8Array;
  /** Who certifies the participants. */
  readonly registrar: Authority;
  /** Whether one process plays several parties. Participants refuse such a task unless they are told to accept it. */
  readonly development: boolean;
}

const VERSION = 1;
const aggregate: Codec<Aggregate> = { encode: (value) => value, decode: (json) => parseAggregate(json) };

const definitionCodec = record<TaskDefinition>({
  name: text,
  aggregate,
  group: groupCodec,
  minUsers: integer(2, MAX_USERS),
  windows: record<TaskDefinition['windows']>({
    checkIn: windowCodec,
    training: windowCodec,
    round: roundWindowCodec,
  }),
  attempts: integer(1, 100),
  retention: seconds,
  publisher: bytes(KEY_BYTES),
  registrar: record<Authority>({ publicKey: bytes(KEY_BYTES), scope: text }),
  development: flag,
});

const taskCodec = record<{ readonly secagg: 'task'; readonly version: number; readonly definition: TaskDefinition }>({
  secagg: oneOf('task'),
  version: integer(VERSION, VERSION),
  definition: definitionCodec,
});

/**
 * A task. It never changes: another definition is another task, with another digest.
 *
 * @example
 * ```js
 * import { genKeypair } from 'secagg';
 * import { Publisher, Registrar, Task } from 'secagg/service';
 *
 * const registrar = new Registrar({ keypair: genKeypair(), scope: 'example app' });
 * const publisher = new Publisher({ keypair: genKeypair() });
 * const task = new Task({
 *   name: 'crashes by screen',
 *   aggregate: { kind: 'integers', vecLen: 64, bits: 16 },
 *   group: { threshold: 60, maxUsers: 100, adversary: 'malicious', colluders: 5, cohorts: null, graph: null },
 *   minUsers: 80,
 *   windows: {
 *     checkIn: { min: 60, max: 3600, grace: 3600 },
 *     training: { min: 0, max: 60, grace: 60 },
 *     round: { min: 5, max: 60, grace: 60, enough: 95 },
 *   },
 *   attempts: 3,
 *   retention: 86_400,
 *   publisher: publisher.publicKey,
 *   registrar: registrar.authority,
 *   development: false,
 * });
 * console.log(Task.fromJSON(JSON.parse(JSON.stringify(task))).id === task.id); // prints: true
 * ```
 */
export class Task {
  readonly #definition: TaskDefinition;
  readonly #json: unknown;
  readonly #digest: Uint8Array;
  #shape: AggregatePlan | null = null;

  static {
    inspectAs(this.prototype, (task) => `Task { name: ${JSON.stringify(task.definition.name)}, id: ${task.id} }`);
  }

  /**
   * @throws TypeError, RangeError that name the field: it is missing, not known, of another type, or does not fit the others; EncodingError,
   * PrivacyError if the aggregate has no plan.
   */
  constructor(definition: TaskDefinition) {
    checkFields(definition);
    // Encoded and decoded, so that it is checked like one that came over a network, and is a copy.
    const json = taskCodec.encode({ secagg: 'task', version: VERSION, definition });
    const { definition: copy } = taskCodec.decode(JSON.parse(JSON.stringify(json)), 'task');
    asArgument(RangeError, () => checkDefinition(copy));
    this.#definition = copy;
    this.#json = json;
    this.#digest = digest(LABELS.serviceTask, [typedBytes(json, 'task')]);
  }

  /** What the application has decided. */
  get definition(): TaskDefinition {
    return this.#definition;
  }

  /** The digest of the definition, 32 bytes; a fresh copy. */
  get digest(): Uint8Array {
    return copyOf(this.#digest);
  }

  /** The digest as 64 hexadecimal digits. */
  get id(): string {
    return hex(this.#digest);
  }

  /** How inputs of one session become vectors, and the sum a result. @param random of the noise of a trusted server. @internal */
  planFor(session: string, random?: RandomSource): AggregatePlan {
    const { aggregate: what, group } = this.#definition;
    return planOf(what, {
      ...{ maxUsers: group.maxUsers, session },
      ...{ ...graphOptions(group), ...(random !== undefined && { random }) },
    });
  }

  /** What is the same for all sessions: length and ring of the vectors, and what a session costs in privacy. @internal */
  get shape(): AggregatePlan {
    return (this.#shape ??= this.planFor(''));
  }

  /** Plain JSON, for {@link fromJSON}. */
  toJSON(): unknown {
    return this.#json;
  }

  /**
   * The task that {@link toJSON} gave.
   *
   * @param json a parsed value of {@link toJSON}, which may come from the coordinator: compare the digest, or the floors of the agent.
   * @throws StateError if the value is no task of this version; EncodingError, PrivacyError as the constructor.
   */
  static fromJSON(json: unknown): Task {
    const { definition } = decodeParsed(taskCodec, json, 'task');
    try {
      return new Task(definition);
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) throw new StateError(error.message);
      throw error;
    }
  }
}

/** @throws TypeError unless a value is a task. */
export function checkTask(value: unknown, name: string): Task {
  if (value instanceof Task) return value;
  throw new TypeError(`${name}: expected a Task, got ${kindOf(value)}`);
}

/** Participants that an attempt needs at least to begin. */
export function leastEnrolled({ group: { cohorts }, minUsers }: TaskDefinition): number {
  return minUsers * (cohorts?.least ?? 1);
}

/** Participants that an attempt has at most. */
export function mostEnrolled({ group }: TaskDefinition): number {
  return mostInAttempt(group);
}

function requireText(text: string, path: string, most: number): void {
  // Half of a surrogate pair has no bytes to make a digest of.
  const isText = text !== '' && utf8(text).length <= most && !/\p{Cs}/u.test(text);
  require(isText, path, `1 to ${most} bytes of well-formed text`);
}

/** Names fields that are missing, and fields that are not known, of which encoding would take no notice. */
function checkFields(definition: unknown): void {
  const plain = inBase64(checkObject(definition, 'definition'));
  asArgument(TypeError, () => definitionCodec.decode(plain, 'task'));
}

/** @throws what a caller's mistake is, instead of the StateError of something that was stored. */
function asArgument(Mistake: typeof TypeError | typeof RangeError, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new (error instanceof OutOfRange ? RangeError : Mistake)(error.message);
  }
}

/** A copy of plain data in which byte strings are in base64, as in JSON. */
function inBase64(value: unknown): unknown {
  const given = typedArrayOf(value, 'Uint8Array', 'definition');
  if (given !== null) return bytes().encode(given);
  if (Array.isArray(value)) return value.map(inBase64);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined); // as in JSON
  return Object.fromEntries(entries.map(([name, each]) => [name, inBase64(each)]));
}

/** Whether noise is made for the graph of a group. Cohorts have a security too, and no graph. */
function isForGraph({ graph }: Group, { graph: given = 'complete', security }: AggregatePlan['options']): boolean {
  if (graph === null || given === 'complete') return graph === null && given === 'complete';
  const { neighbors, shareThreshold } = given;
  return graph.neighbors === neighbors && graph.shareThreshold === shareThreshold && graph.security === security;
}

/** What spans several fields. */
function checkDefinition(definition: TaskDefinition): void {
  const { name, group, minUsers, windows, publisher, registrar } = definition;
  requireText(name, 'task.name', 100);
  requireText(registrar.scope, 'task.registrar.scope', 200);
  require(isSignPublicKey(publisher), 'task.publisher', 'a canonical Ed25519 public key');
  require(isSignPublicKey(registrar.publicKey), 'task.registrar.publicKey', 'a canonical Ed25519 public key');
  for (const [stage, { min, max }] of Object.entries(windows) as [string, Window][]) {
    require(min <= max, `task.windows.${stage}`, 'min up to max');
  }
  checkGroup(group);
  const { threshold, maxUsers, adversary, cohorts } = group;
  require(minUsers >= threshold &&
    minUsers <=
      maxUsers, 'task.minUsers', `a number from the threshold, ${threshold}, to maxUsers, ${maxUsers}, got ${minUsers}`);
  const { options, threshold: fixed, cost, addsNoise } = planOf(definition.aggregate, { maxUsers, session: '' });
  const noisesTotal = addsNoise && cohorts !== null && adversary !== 'semi-honest';
  require(!noisesTotal, 'task.aggregate.noiseFrom', "'users': if users may lie, noise of the server does not go to a total of cohorts");
  const tellsDraw = cohorts === null || cost === null || (cost.failureProbability ?? 0) > 0;
  require(tellsDraw, 'task.aggregate.security', 'the bits of security of the draw, which are part of δ');
  require(fixed === null || fixed === threshold, 'task.group.threshold', `${String(fixed)}, for which the noise is made`);
  require(cost === null ||
    isForGraph(group, options), 'task.aggregate.graph', 'the graph of the group, and its security, for which the noise is made');
  for (const option of ['adversary', 'colluders'] as const) {
    const given = options[option];
    require(given === undefined || given === group[option], `task.group.${option}`, `${String(given)}, as the aggregate says`);
  }
}
