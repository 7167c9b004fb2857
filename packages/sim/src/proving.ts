/** A provider's answers: to challenges, to recoveries, and the requests to recover what is whole again. */
import { fromHex } from '@granary/base'
import { challengeView, memberViews, openChallenges, partitionViews, sectorView } from '@granary/chain/state'
import type { ChallengeView, PartitionView } from '@granary/protocol/client'
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

/** More than anybody has here. */
export const PARTITIONS_MAX = 256

export function createProver({ world, owner, provider, disk, answersEvery, isLeft }: ProverParts): Prover {
  const { chain } = world
  const seen = new Set<string>()
  const requesting = new Set<number>()
  let challenges = 0
  let proofs = 0

  function answer({ partition, epoch, randomness, count, sectors, ...challenge }: ChallengeView): void {
    const bundle = provePost(disk, {
      provider: challenge.provider,
      partition,
      randomness: fromHex(randomness),
      count,
      sectors,
    })
    if (bundle === undefined) return
    proofs += 1
    chain.submit(owner, 'SubmitPost', {
      provider: challenge.provider,
      partition,
      challengeEpoch: epoch,
      skipped: [],
      bundle,
    })
  }

  function tendChallenge(challenge: ChallengeView): void {
    const { partition, epoch, kind } = challenge
    const key = `${partition}/${epoch}/${kind}`
    if (seen.has(key)) return
    seen.add(key)
    const isRegular = kind === 'post'
    if (isRegular) challenges += 1
    if (isRegular && challenges % answersEvery !== 0) return
    answer(challenge)
  }

  function recover(view: PartitionView): void {
    const { number: partition, recoveryRequestedAt, recovery, recoveryBarredUntil = 0 } = view
    if (
      view.sound === view.sectors ||
      recoveryRequestedAt !== undefined ||
      recovery !== undefined ||
      requesting.has(partition)
    )
      return
    if (recoveryBarredUntil > chain.height + 1) return
    const place = { provider: view.provider, partition }
    const sectors = memberViews(chain.state, place, { state: 'faulty' }, view.sectors)
      .map(({ number }) => number)
      .filter((sector) => disk.isWhole(sector) && !isLeft(sector) && !isOver(view.provider, sector))
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
      const id = provider()
      for (const { partition, kind } of openChallenges(chain.state, id, undefined, PARTITIONS_MAX)) {
        const challenge = challengeView(chain.state, { provider: id, partition }, kind)
        if (challenge !== undefined) tendChallenge(challenge)
      }
      for (const view of partitionViews(chain.state, id, undefined, PARTITIONS_MAX)) recover(view)
    },
  }
}
