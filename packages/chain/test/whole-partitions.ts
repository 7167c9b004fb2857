/** The partitions of a provider with all that belongs to them, as tests look at them; a node gives them in parts. */
import type { ChallengeView, PartitionSector, PartitionView } from '@granary/protocol/client'
import { challengeView, memberViews, partitionViews, type StateReader } from '../src/state/index.ts'

export interface WholePartition extends Omit<PartitionView, 'sectors' | 'challenge' | 'recovery'> {
  /** Those that are challenged together. */
  readonly sectors: readonly PartitionSector[]
  readonly faulty: boolean
  readonly faultySectors: readonly number[]
  readonly challenge?: ChallengeView
  readonly recovery?: ChallengeView
}

export function wholePartitions(
  reader: StateReader,
  provider: number,
  after: number | undefined,
  limit: number,
): WholePartition[] {
  return partitionViews(reader, provider, after, limit).map(({ challenge: _, recovery: __, ...view }) => {
    const place = { provider, partition: view.number }
    const all = memberViews(reader, place, {}, Number.MAX_SAFE_INTEGER)
    const sound = all.filter(({ state }) => state === 'sound')
    const faultySectors = all.filter(({ state }) => state === 'faulty').map(({ number }) => number)
    const challenge = challengeView(reader, place, 'post')
    const recovery = challengeView(reader, place, 'recovery')
    return {
      ...view,
      sectors: sound.map(({ number, commR }) => ({ number, commR })),
      faulty: faultySectors.length > 0,
      faultySectors,
      ...(challenge === undefined ? {} : { challenge }),
      ...(recovery === undefined ? {} : { recovery }),
    }
  })
}
