/** Some copies are stored, and some are not. Few puts load it. */
import { GranaryError } from '@granary/base'
import type { Place } from '../journal/upload-state.ts'
import type { PutResult } from './put-result.ts'

/** A copy that is not what was waited for: that it is on the chain, or proven. */
export interface MissingSlot extends Place {
  readonly slot: number
  readonly code: string
  readonly message: string
}

/** Some copies are stored, and some are not. */
export class PutPartialError extends GranaryError {
  readonly result: PutResult
  readonly missing: readonly MissingSlot[]

  constructor(result: PutResult, missing: readonly MissingSlot[], cause: unknown) {
    const isMissing = ({ piece, copy }: Place) => missing.some((slot) => slot.piece === piece && slot.copy === copy)
    // One that is on the chain and was to be proven is in both.
    const made = result.deals.filter((deal) => !isMissing(deal)).length
    super({
      code: 'PUT_PARTIAL',
      message: `${made} of ${made + missing.length} deals for ${result.rootCid} are made; missing: ${missing.map(({ piece, copy, message }) => `copy ${copy + 1} of piece ${piece + 1}: ${message}`).join('; ')}`,
      hint: 'put the same again: what is there is kept, and what is missing is made',
      details: { rootCid: result.rootCid, deals: result.deals, missing },
      cause,
    })
    this.result = result
    this.missing = missing
  }
}
