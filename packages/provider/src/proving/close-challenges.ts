/** What became of challenges whose window is over: missed ones are said loudly, once. */
import type { PartitionView } from '@granary/protocol/client'
import type { PostState } from './post-store.ts'
import { dealsIn, type ProvingContext } from './proving-context.ts'

/** @returns whether nothing is left of which the end is not known, or not written down */
export function closeChallenges(context: ProvingContext, partitions: readonly PartitionView[]): boolean {
  const { posts, head, late } = context
  // What became of them may be among what waits for the disk.
  if (!late.retry()) return false
  for (const { partition, challengeEpoch, deadline } of posts.open()) {
    if (head.height() <= deadline) continue
    const view = partitions.find(({ number }) => number === partition)
    if (view?.challenge?.epoch === challengeEpoch && view.sound === view.sectors) continue
    const state = outcome(view, challengeEpoch)
    if (state === 'missed') missChallenge(context, partition, challengeEpoch)
    else late.write(() => posts.closed(partition, challengeEpoch, state))
  }
  return late.retry() && posts.open().length === 0
}

/** The chain says that it counts as missed, or this store finds out later. */
export function missChallenge(context: ProvingContext, partition: number, challengeEpoch: number): void {
  const { posts, deals, late, log } = context
  const known = posts.find(partition, challengeEpoch)
  if (known?.state === 'missed') return
  const hint =
    'Its sectors count as faulty; their recovery is asked for by itself. What was in the way is in the lines before.'
  log({ type: 'post:missed', partition, challengeEpoch, hint })
  late.write(() => {
    posts.closed(partition, challengeEpoch, 'missed')
    deals.record(dealsIn(context, known?.sectors ?? []), {
      type: 'post-missed',
      epoch: challengeEpoch,
      data: { partition },
    })
  })
}

function outcome(view: PartitionView | undefined, challengeEpoch: number): Exclude<PostState, 'open'> {
  if (view === undefined) return 'void'
  if (view.lastProven !== null && view.lastProven >= challengeEpoch) return 'accepted'
  return view.sound < view.sectors ? 'missed' : 'void'
}
