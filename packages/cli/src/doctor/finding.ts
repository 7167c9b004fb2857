/** What a check of `granary doctor` found, and what mends it. */
import type { ErrorCode } from '@granary/base'

export interface Finding {
  /** `node`, `chain`, `provider 1000`. */
  readonly check: string
  /** `note`: it works, and could be better or will be needed; `skipped`: what it needs is not there. */
  readonly state: 'ok' | 'note' | 'wrong' | 'skipped'
  /** With the values. */
  readonly says: string
  /** What to do; of `ok` and `skipped` there is none. */
  readonly fix?: string
  /** Of what is wrong: its exit code is that of this code. */
  readonly code?: ErrorCode
  readonly details?: Readonly<Record<string, unknown>>
}
