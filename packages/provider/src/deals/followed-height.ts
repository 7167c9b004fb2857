/**
 * The greatest height of the chain that was ever followed: below it, what the chain does not know may be there. Kept across
 * restarts, to within a few blocks, as a note that a full disk may refuse.
 */
import type { Settings } from '../storage/settings.ts'

export interface FollowedHeight {
  highest(): number
  reach(height: number): void
}

const NOTED_EVERY_BLOCKS = 10

/** @param heightMax what the chain cannot be above by now; as long as that is not known nothing is noted */
export function followedHeight(settings: Settings, heightMax: () => number): FollowedHeight {
  let noted = Number(settings.get('followedHeight') ?? 0)
  let highest = noted
  return {
    highest: () => Math.min(highest, heightMax()),
    reach: (height) => {
      highest = Math.max(highest, height)
      const max = heightMax()
      highest = Math.min(highest, max)
      if (highest < noted + NOTED_EVERY_BLOCKS || !Number.isFinite(max)) return
      noted = highest
      try {
        settings.set('followedHeight', String(highest))
      } catch {
        // The next note comes soon; who follows the chain must not stop for it.
      }
    },
  }
}
