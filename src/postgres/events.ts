// What one process does with sessions in PostgreSQL, for its metrics and logs. Other processes tell of theirs. Types only.
import type { SecAggErrorCode } from '../leaves/errors.ts';

/** What this process has done or met. Times are in milliseconds. */
export type StoreEvent =
  | {
      /** A batch of messages of one session is durable, or refused. */
      readonly type: 'messages-heard';
      /** The session's id. */
      readonly sessionId: string;
      /** The round, 0 to 4. */
      readonly round: number;
      /** Messages that were new. */
      readonly accepted: number;
      /** Messages that came again. */
      readonly repeated: number;
      /** Messages that were refused. */
      readonly refused: number;
      /** Time from the begin of the batch to the commit. */
      readonly milliseconds: number;
    }
  | {
      /** A message was refused; `recv` has thrown why. */
      readonly type: 'message-refused';
      /** The session's id. */
      readonly sessionId: string;
      /** The id of the user that the transport takes for the sender. */
      readonly userId: number;
      /** The code of the error that `recv` has thrown. */
      readonly code: SecAggErrorCode;
    }
  | {
      /** This process has closed a round. */
      readonly type: 'round-closed';
      /** The session's id. */
      readonly sessionId: string;
      /** The round that was closed, 0 to 4. */
      readonly round: number;
      /** Users that go on; 0 after round 4, with which the session has its sum. */
      readonly users: number;
      /** Time that it took. */
      readonly milliseconds: number;
    }
  | {
      /** In closing a round, an error of the protocol has ended the session. */
      readonly type: 'failed';
      /** The session's id. */
      readonly sessionId: string;
      /** The round that was being closed, 0 to 4. */
      readonly round: number;
      /** The code of the error. */
      readonly code: SecAggErrorCode;
    }
  | {
      /** A call of `round` has waited for another process or call, which was closing the round. */
      readonly type: 'closing-waited';
      /** The session's id. */
      readonly sessionId: string;
      /** The round, 0 to 4. */
      readonly round: number;
      /** Time that it has waited. */
      readonly milliseconds: number;
    }
  | {
      /** This process closes a round in the place of another one, which has stopped without an end. */
      readonly type: 'closing-taken-over';
      /** The session's id. */
      readonly sessionId: string;
      /** The round, 0 to 4. */
      readonly round: number;
    }
  | {
      /** A transaction has lost a race or its connection's prepared statements, and runs again. */
      readonly type: 'transaction-retried';
      /** Why, as PostgreSQL says it: 40001 or 40P01; 26000 or 0A000 for a connection that has lost its prepared statements and is closed. */
      readonly sqlState: string;
    }
  | {
      /** A transaction has taken a second or more. */
      readonly type: 'transaction-slow';
      /** Time that it took. */
      readonly milliseconds: number;
    };
