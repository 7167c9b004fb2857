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

export function followedHeight(settings: Settings): FollowedHeight {
  let noted = Number(settings.get('followedHeight') ?? 0)
  let highest = noted
  return {
    highest: () => highest,
    reach: (height) => {
      highest = Math.max(highest, height)
      if (highest < noted + NOTED_EVERY_BLOCKS) return
      noted = highest
      try {
        settings.set('followedHeight', String(highest))
      } catch {
        // The next note comes soon; who follows the chain must not stop for it.
      }
    },
  }
}
