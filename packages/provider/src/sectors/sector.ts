/**
 * A sector's life in the provider's store. A state is written before its effect is looked at by anybody: whatever moment
 * the process dies, the state says what to do next.
 *
 * filling → sealing → sealed → precommitting → precommitted → committing → proving → expired | terminated;
 * any of the states before proving may end in failed. A chain that was restored from an older copy takes a sector back to
 * what that chain knows of it.
 */
import { GranaryError } from '@granary/base'
import type { ProfileName } from '@granary/proofs/profile'
import type { PlaceableDeal } from './port.ts'

/** A deal's piece in a sector; `offset` (padded bytes) is known once the sector is closed. */
export interface SectorPiece extends PlaceableDeal {
  readonly offset: number | null
}

export interface Ticket {
  readonly epoch: number
  /** 0x hex, 32 bytes. */
  readonly randomness: string
}

interface SealedFacts {
  readonly ticket: Ticket
  readonly commD: string
  readonly commR: string
}

interface PreCommittedFacts extends SealedFacts {
  /** The last epoch in which the proof of replication counts. */
  readonly commitBy: number
  readonly expiry: number
}

export type SectorPhase =
  | { readonly state: 'filling' }
  | { readonly state: 'sealing'; readonly ticket: Ticket | null }
  | ({ readonly state: 'sealed'; readonly sealMs: number } & SealedFacts)
  /** PreCommitSectors may have been sent, or not. */
  | ({ readonly state: 'precommitting' } & SealedFacts)
  | ({ readonly state: 'precommitted' } & PreCommittedFacts)
  /** The proof is on disk, verified; ProveCommitSector may have been sent, or not. */
  | ({
      readonly state: 'committing'
      readonly seed: string
      readonly proofBytes: number
      readonly proveMs: number
    } & PreCommittedFacts)
  | {
      readonly state: 'proving'
      readonly commR: string
      readonly partition: number
      readonly activatedAt: number
      readonly expiry: number
      /** The layers, needed for the proof of replication alone, are gone. */
      readonly finalized: boolean
    }
  /** The chain is done with it. The files go once every deal in it is settled. */
  | { readonly state: 'expired' | 'terminated'; readonly cleaned: boolean }
  | {
      readonly state: 'failed'
      readonly code: string
      readonly message: string
      readonly cleaned: boolean
      /** What its folder was sealed with; undefined: it has none. */
      readonly ticket?: Ticket | undefined
    }

export type SectorState = SectorPhase['state']

export interface Sector {
  /** Used once, ever. */
  readonly number: number
  /** Undefined in a row from before there was a choice: the provider's first one. */
  readonly profile?: ProfileName | undefined
  /** When its first piece came. */
  readonly openedAtMs: number
  readonly pieces: readonly SectorPiece[]
  /** Failures in a row in its present state. */
  readonly failures: number
  readonly retryAtMs: number
  readonly phase: SectorPhase
}

/** A sector whose phase is known to be one of these. */
export type SectorIn<State extends SectorState> = Sector & { readonly phase: Extract<SectorPhase, { state: State }> }

const next: Readonly<Record<SectorState, readonly SectorState[]>> = {
  filling: ['sealing', 'failed'],
  sealing: ['sealing', 'sealed', 'failed'],
  sealed: ['precommitting', 'failed'],
  precommitting: ['precommitted', 'failed'],
  precommitted: ['precommitting', 'committing', 'proving', 'failed'],
  committing: ['precommitting', 'precommitted', 'proving', 'failed'],
  proving: ['precommitted', 'proving', 'expired', 'terminated'],
  expired: ['proving', 'expired'],
  terminated: ['proving', 'terminated'],
  failed: ['failed'],
}

export const sectorStates: readonly SectorState[] = Object.keys(next).filter(isSectorState)

export function isSectorState(text: string): text is SectorState {
  return Object.hasOwn(next, text)
}

export function isIn<State extends SectorState>(sector: Sector, ...states: State[]): sector is SectorIn<State> {
  return (states as readonly SectorState[]).includes(sector.phase.state)
}

/** Whether a deal in such a sector must not be placed anywhere else. */
export function holdsDeals(state: SectorState): boolean {
  return state !== 'failed'
}

export function mayMove(from: SectorState, to: SectorState): boolean {
  return next[from].includes(to)
}

export class SectorStateError extends GranaryError {
  constructor(number: number, state: string, wanted: string) {
    super({
      code: 'SECTOR_STATE',
      message: `sector ${number} is ${state}: it cannot become ${wanted}`,
      hint: 'This is a defect of the provider, please report it. The sector was left as it was.',
      details: { sector: number, state, wanted },
    })
  }
}

export class SectorMissingError extends GranaryError {
  constructor(number: number) {
    super({
      code: 'SECTOR_MISSING',
      message: `the store knows no sector ${number}`,
      hint: 'See that the provider runs on the home that it was sealed on.',
      details: { sector: number },
    })
  }
}

/** Of the deals that the chain has: a piece whose deal was lost in a rollback has the negative of the number that it had. */
export function dealIdsOf(sector: Sector): number[] {
  return sector.pieces.map((piece) => piece.dealId).filter((dealId) => dealId > 0)
}

/** The chain was rolled back behind the publication of one of its deals. */
export function hasLostDeals(sector: Sector): boolean {
  return sector.pieces.some(({ dealId }) => dealId < 0)
}
