/** The sectors of one provider, from the deals that it has sold to the proof that the chain takes, and what sealing costs. */

import { dealView, sectorView } from '@granary/chain/state'
import { computeCommD, parsePieceCid } from '@granary/proofs/verify'
import type { Signer } from '@granary/protocol/messages'
import type { Disk } from './disk.ts'
import { sum } from './money.ts'
import type { Purse } from './purse.ts'
import { createRandom } from './random.ts'
import { PROFILE, provePoRep } from './simulated-proofs.ts'
import { epochsIn, PIECE_BYTES, SECTOR_GIB, sealingMs, sectorLocks, type World } from './world.ts'

export interface SoldDeal {
  readonly id: number
  readonly pricePerEpoch: bigint
  readonly duration: number
  readonly collateral: bigint
  readonly pieceRoot: Uint8Array
  endsAt: number
}

export interface PlannedSector {
  readonly number: number
  readonly deals: readonly SoldDeal[]
  readonly sealedAt: number
  /** For how long it was sealed. */
  readonly lasts: number
  state: 'sealing' | 'committed' | 'active'
}

export interface Sealing {
  readonly sectors: ReadonlyMap<number, PlannedSector>
  /** @param deals: none, for a sector of zeros */
  seal(deals: readonly SoldDeal[]): void
  /** Its pre-commit is in the block of that epoch. */
  committed(sector: number, epoch: number): void
  proven(sector: number): void
  /** It is over; what the disk holds of it is another matter. */
  forget(sector: number): void
  /** attoGRN: of sectors that still serve, the part of their time that is over. */
  cost(isServing: (sector: number) => boolean): bigint
}

export interface SealingParts {
  readonly world: World
  readonly owner: Signer
  readonly provider: () => number
  readonly purse: Purse
  readonly disk: Disk
  /** Makes room for it on the disk. */
  readonly store: (sector: number) => void
  /** Names the stream that its replicas are drawn from. */
  readonly name: string
}

export function createSealing({ world, owner, provider, purse, disk, store, name }: SealingParts): Sealing {
  const { chain, params, costs, seed } = world
  const { pledge, deposit } = sectorLocks(params)
  const random = createRandom(seed, `replicas of ${name}`)
  const sectors = new Map<number, PlannedSector>()
  const cost = BigInt(SECTOR_GIB) * costs.sealingGiB
  let nextNumber = 0

  function preCommit({ number, deals, sealedAt, lasts }: PlannedSector): void {
    const pieces = deals.map(({ pieceRoot: root }) => ({ root, paddedSize: PIECE_BYTES }))
    const sector = {
      number,
      profile: PROFILE.name,
      commD: computeCommD(pieces, PROFILE.sectorBytes),
      commR: random.bytes32(),
      ticketEpoch: sealedAt,
      deals: deals.map((deal) => deal.id),
      // Room for blocks that are late, within the greatest expiry.
      expiry: chain.height + params.commitExpiry + lasts + params.provingPeriod,
    }
    chain.submit(owner, 'PreCommitSectors', { provider: provider(), sectors: [sector] }, (result) => {
      purse.release(pledge + deposit)
      if (result?.code === 'OK') return
      sectors.delete(number)
      disk.keep(number, 0, chain.height)
    })
  }

  /** The chain says of which epoch the seed is; the block after that takes the proof. */
  function proveOnceSeeded(number: number, at: number): void {
    chain.at(at, () => {
      const { seedEpoch } = sectorView(chain.state, provider(), number)!
      if (seedEpoch === undefined || seedEpoch > chain.height) proveOnceSeeded(number, chain.height + 1)
      else chain.submit(owner, 'ProveCommitSector', { provider: provider(), number, bundle: provePoRep(disk, number) })
    })
  }

  function costAhead({ sealedAt, lasts }: PlannedSector): bigint {
    return (cost * BigInt(Math.max(0, sealedAt + lasts - chain.height))) / BigInt(lasts)
  }

  return {
    sectors,
    forget: (number) => void sectors.delete(number),
    seal: (deals) => {
      const lasts = deals.reduce((most, { duration }) => Math.max(most, duration), params.dealDurationMin)
      const sector: PlannedSector = { number: nextNumber, deals, sealedAt: chain.height, lasts, state: 'sealing' }
      nextNumber += 1
      sectors.set(sector.number, sector)
      chain.at(chain.height + epochsIn(params, sealingMs), () => {
        store(sector.number)
        purse.reserve(pledge + deposit)
        // The deposit, if one is needed, goes first.
        chain.at(chain.height + 1, () => preCommit(sector))
      })
    },
    committed: (number, epoch) => {
      sectors.get(number)!.state = 'committed'
      proveOnceSeeded(number, epoch + params.seedDelay)
    },
    proven: (number) => {
      sectors.get(number)!.state = 'active'
    },
    cost: (isServing) => {
      const serving = [...sectors.values()].filter(({ number }) => isServing(number))
      return cost * BigInt(nextNumber) - sum(serving.map(costAhead))
    },
  }
}

/** A deal as its provider remembers it. */
export function soldDeal({ chain }: World, id: number): SoldDeal {
  const { terms } = dealView(chain.state, id)!
  return {
    id,
    pricePerEpoch: BigInt(terms.pricePerEpoch),
    duration: Number(terms.duration),
    collateral: BigInt(terms.providerCollateral),
    pieceRoot: parsePieceCid(terms.pieceCid).root,
    endsAt: Number.POSITIVE_INFINITY,
  }
}
