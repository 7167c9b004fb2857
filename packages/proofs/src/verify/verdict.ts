/** What a verifier answers. `reason` is a stable code, one for each link that can fail. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: RefusalReason }

export type RefusalReason =
  | 'INPUT_INVALID'
  | 'SKIPS_INVALID'
  | 'BUNDLE_LENGTH_WRONG'
  | 'BUNDLE_MAGIC_WRONG'
  | 'COMMITMENT_ZERO'
  | 'COMM_R_MISMATCH'
  | 'COLUMN_NOT_IN_COMM_C'
  | 'LABEL_MISMATCH'
  | 'DATA_NOT_IN_FIELD'
  | 'DATA_NOT_IN_COMM_D'
  | 'REPLICA_NOT_IN_COMM_R'

export function refuse(reason: RefusalReason): Verdict {
  return { ok: false, reason }
}
