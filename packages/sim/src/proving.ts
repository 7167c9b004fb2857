/** A provider's answers: to challenges, to recoveries, and the requests to recover what is whole again. */
import { fromHex } from '@granary/base'
import { partitionViews, sectorView } from '@granary/chain/state'
import type { Signer } from '@granary/protocol/messages'
import type { Disk } from './disk.ts'
import { provePost } from './simulated-proofs.ts'
import type { World } from './world.ts'

export interface Prover {
  /** Looks at all partitions and does what is due; a second time it finds nothing to do. */
  tend(): void
  proofs(): number
}

export interface ProverParts {
  readonly world: World
  readonly owner: Signer
  readonly provider: () => number
  readonly disk: Disk
  readonly answersEvery: number
  /** Sectors that it has left for good. */
  readonly isLeft: (sector: number) => boolean
}

type Views = ReturnType<typeof partitionViews>
type View = Views[number]
type Challenge = NonNullable<View['challenge']>

/** More than anybody has here. */
export const PARTITIONS_MAX = 256

export function createProver({ world, owner, provider, disk, answersEvery, isLeft }: ProverParts): Prover {
  const { chain } = world
  const seen = new Set<string>()
  const requesting = new Set<number>()
  let challenges = 0
  let proofs = 0

  function answer(view: View, { epoch, randomness, count, sectors }: Challenge): void {
    const partition = view.number
    const bundle = provePost(disk, {
      provider: view.provider,
      partition,
      randomness: fromHex(randomness),
      count,
      sectors,
    })
    if (bundle === undefined) return
    proofs += 1
    chain.submit(owner, 'SubmitPost', {
      provider: view.provider,
      partition,
      challengeEpoch: epoch,
      skipped: [],
      bundle,
    })
  }

  function tendChallenge(view: View, challenge: Challenge): void {
    const key = `${view.number}/${challenge.epoch}/${challenge.count}`
    if (seen.has(key)) return
    seen.add(key)
    const isRegular = challenge === view.challenge
    if (isRegular) challenges += 1
    if (isRegular && challenges % answersEvery !== 0) return
    answer(view, challenge)
  }

  function recover(view: View): void {
    const { number: partition, recoveryRequestedAt, recovery, recoveryBarredUntil = 0 } = view
    if (recoveryRequestedAt !== undefined || recovery !== undefined || requesting.has(partition)) return
    if (recoveryBarredUntil > chain.height + 1) return
    const sectors = view.faultySectors.filter(
      (sector) => disk.isWhole(sector) && !isLeft(sector) && !isOver(view.provider, sector),
    )
    if (sectors.length === 0) return
    requesting.add(partition)
    chain.submit(owner, 'RequestRecovery', { provider: view.provider, partition, sectors }, () => {
      requesting.delete(partition)
    })
  }

  /** Past its expiry nothing can be recovered. */
  function isOver(id: number, sector: number): boolean {
    return sectorView(chain.state, id, sector)!.expiry <= chain.height + 1
  }

  return {
    proofs: () => proofs,
    tend: () => {
      for (const view of partitionViews(chain.state, provider(), undefined, PARTITIONS_MAX)) {
        if (view.challenge !== undefined) tendChallenge(view, view.challenge)
        if (view.recovery !== undefined) tendChallenge(view, view.recovery)
        recover(view)
      }
    },
  }
}
