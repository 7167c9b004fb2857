/** What sealing and proving tell the daemon's log. */
import type { OutboxEvent } from '../chain/outbox.ts'

export type SealingLog = (event: SealingLogEvent) => void

/** What went wrong, and what its owner can do about it. */
type Failure = { readonly code: string; readonly message: string; readonly hint: string }

export type SealingLogEvent =
  | OutboxEvent
  | { type: 'sector:moved'; sector: number; state: string }
  | ({ type: 'sector:retry'; sector: number; state: string; inMs: number } & Failure)
  | ({ type: 'sector:failed'; sector: number } & Failure)
  | {
      type: 'post:accepted'
      partition: number
      challengeEpoch: number
      epoch: number
      bytes: number
      proveMs: number
      /** Numbers of the sectors that the answer does not prove. */
      skipped: readonly number[]
    }
  | { type: 'sector:mended'; sector: number; by: 'tree' | 'sealing' }
  /** All of it, and it is as it was sealed. */
  | { type: 'replica:read'; sector: number }
  | { type: 'replica:damaged'; level: 'warn'; sector: number; message: string; hint: string }
  | { type: 'fault:declared'; partition: number; sectors: readonly number[] }
  | ({ type: 'post:failed'; partition: number; challengeEpoch: number } & Failure)
  | { type: 'post:missed'; partition: number; challengeEpoch: number; hint: string }
  | { type: 'recovery:requested'; partition: number; sectors: number }
  | { type: 'settled'; deals: number }
  | { type: 'order:paid'; deal: number; epochs: number; endsAt: number }
  /** Its client does not have the money. */
  | { type: 'order:unpaid'; deal: number; client: string; epochs: number; endsAt: number }
  /** It would cost more than it brings, in attoGRN. */
  | { type: 'order:below-fee'; deal: number; epochs: number; worth: string; fee: string }
  | { type: 'order:refused'; deal: number; code: string; message: string }
  | { type: 'parents:made'; profile: string; ms: number }
  | ({ type: 'parents:failed'; profile: string } & Failure)
  | { type: 'sector:cleaned'; sector: number }
  | ({ type: 'sealing:error' } & Failure)
