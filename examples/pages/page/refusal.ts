// Codes with which a browser or the server refuses something, sorted by what their visitor has to know.

/** The kinds of which the texts have a sentence each. */
type RefusalKind = 'busy' | 'late' | 'admission' | 'retired' | 'limits' | 'spent' | 'other';

export interface Refusal {
  readonly kind: RefusalKind;
  /** For whoever runs the service. */
  readonly code: string;
}

const KINDS: Readonly<Record<string, RefusalKind>> = {
  ERR_SECAGG_OVERLOAD: 'busy',
  ERR_SECAGG_STORE: 'busy',
  ERR_SECAGG_BUSY: 'busy',
  ERR_SECAGG_ENGINE: 'busy',
  ERR_SECAGG_SEQUENCE: 'busy',
  ERR_SECAGG_TOKEN: 'busy',
  ERR_SECAGG_PART: 'busy',
  ERR_SECAGG_LATE: 'late',
  ERR_SECAGG_RUN: 'late',
  ERR_SECAGG_CERTIFICATE: 'admission',
  ERR_SECAGG_RETIRED: 'retired',
  ERR_SECAGG_FLOOR: 'limits',
  ERR_SECAGG_ANNOUNCEMENT: 'limits',
  ERR_SECAGG_SPENT: 'spent',
};

export function refusalOf(code: string): Refusal {
  return { kind: KINDS[code] ?? 'other', code };
}
