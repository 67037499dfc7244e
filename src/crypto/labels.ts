// All domain-separation labels. ASCII with a closing NUL that occurs nowhere else in them, so that none is a prefix of
// another; the protocol version is in the name. May be imported by crypto/, masking/, session/, cohorts/, dp/,
// postgres/, service/, coordinator/, agent/ and pet/.
import { utf8 } from '../leaves/bytes.ts';

/** A label ready to be hashed. */
export type Label = Uint8Array;

const label = (name: string): Label => utf8(`secagg/1/${name}\0`);

export const LABELS: Readonly<
  Record<
    | 'sessionTag'
    | 'roster'
    | 'signature'
    | 'directory'
    | 'directoryLine'
    | 'directoryNode'
    | 'survivors2'
    | 'survivors3'
    | 'deal'
    | 'maskedInputView'
    | 'piece'
    | 'pieces'
    | 'selfMaskCommitment'
    | 'selfMaskShare'
    | 'pairwiseKeyShare'
    | 'sealKey'
    | 'sealData'
    | 'pairwiseMask'
    | 'selfMask'
    | 'enrolment'
    | 'cohortOrder'
    | 'cohortSession'
    | 'userStateSeal'
    | 'userStateKeyId'
    | 'privacyLedger'
    | 'privacyLedgerEntry'
    | 'serviceTask'
    | 'serviceKey'
    | 'authority'
    | 'certificateRequest'
    | 'certificate'
    | 'revocationList'
    | 'announcement'
    | 'seedDocument'
    | 'seed'
    | 'attemptRoster'
    | 'attemptRosterLine'
    | 'attemptRosterNode'
    | 'attemptSession'
    | 'request'
    | 'response'
    | 'epochToken'
    | 'agentInput'
    | 'agentStateSeal'
    | 'petStateSeal',
    Label
  >
> = {
  sessionTag: label('session tag'),
  roster: label('roster'),
  signature: label('signature'),
  directory: label('directory'),
  directoryLine: label('line of the directory'),
  directoryNode: label('node of the directory'),
  survivors2: label('view of round 2'),
  survivors3: label('view of round 3'),
  deal: label('deal'),
  maskedInputView: label('masked input'),
  piece: label('piece of a masked input'),
  pieces: label('pieces of a masked input'),
  selfMaskCommitment: label('commitment to a self-mask seed'),
  selfMaskShare: label('commitment to a self-mask share'),
  pairwiseKeyShare: label('commitment to a pairwise-key share'),
  sealKey: label('seal key'),
  sealData: label('seal data'),
  pairwiseMask: label('pairwise mask'),
  selfMask: label('self mask'),
  enrolment: label('enrolment'),
  cohortOrder: label('cohort order'),
  cohortSession: label('cohort session'),
  userStateSeal: label('user state at rest'),
  userStateKeyId: label('id of a key for user states'),
  privacyLedger: label('terms of a privacy ledger'),
  privacyLedgerEntry: label('event of a privacy ledger'),
  serviceTask: label('task'),
  serviceKey: label('key of a service'),
  authority: label('authority of a registrar'),
  certificateRequest: label('certificate request'),
  certificate: label('certificate'),
  revocationList: label('revocation list'),
  announcement: label('announcement of a run'),
  seedDocument: label('seed document'),
  seed: label('seed of a draw'),
  attemptRoster: label('roster of an attempt'),
  attemptRosterLine: label('line of the roster of an attempt'),
  attemptRosterNode: label('node of the roster of an attempt'),
  attemptSession: label('session of an attempt'),
  request: label('request'),
  response: label('response'),
  epochToken: label('epoch token'),
  agentInput: label('input of an agent'),
  agentStateSeal: label('agent state at rest'),
  petStateSeal: label('state of a participant of PET at rest'),
};
