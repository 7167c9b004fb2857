/** Lanes of general messages by the level of fees that they can pay, kept in order while they change. */

export interface LaneRanks {
  /** @param level the least in the lane; undefined when nothing waits in it */
  set(lane: string, level: bigint | undefined): void
  /** The lowest level first; of equal ones the lane that began last. */
  fromLowest(): Generator<string>
}

interface Rank {
  readonly lane: string
  readonly level: bigint
  readonly began: number
}

export function createLaneRanks(): LaneRanks {
  const byLane = new Map<string, Rank>()
  // The highest first: what changes most is near the end.
  const ranks: Rank[] = []
  let begun = 0

  function placeOf(rank: Rank): number {
    let [low, high] = [0, ranks.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isAbove(ranks[middle]!, rank)) low = middle + 1
      else high = middle
    }
    return low
  }

  return {
    set(lane, level) {
      const before = byLane.get(lane)
      if (before?.level === level) return
      if (before !== undefined) ranks.splice(placeOf(before), 1)
      if (level === undefined) {
        byLane.delete(lane)
        return
      }
      const rank = { lane, level, began: before?.began ?? begun++ }
      byLane.set(lane, rank)
      ranks.splice(placeOf(rank), 0, rank)
    },
    *fromLowest() {
      for (let index = ranks.length - 1; index >= 0; index--) yield ranks[index]!.lane
    },
  }
}

function isAbove(a: Rank, b: Rank): boolean {
  return a.level === b.level ? a.began < b.began : a.level > b.level
}
