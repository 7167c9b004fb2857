/** What sealing and proving tell the daemon's log. */
export type SealingLog = (event: SealingLogEvent) => void

export type SealingLogEvent =
  | { type: 'sector:moved'; sector: number; state: string }
  | { type: 'sector:retry'; sector: number; state: string; code: string; message: string; inMs: number }
  | { type: 'sector:failed'; sector: number; code: string; message: string }
  | { type: 'deal:refused'; deal: number; code: string; message: string }
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
  | { type: 'fault:declared'; partition: number; sectors: readonly number[] }
  | { type: 'post:failed'; partition: number; challengeEpoch: number; code: string; message: string }
  | { type: 'post:missed'; partition: number; challengeEpoch: number }
  | { type: 'recovery:requested'; partition: number; sectors: number }
  | { type: 'settled'; deals: number }
  | { type: 'sector:cleaned'; sector: number }
  | { type: 'sealing:error'; code: string; message: string }
