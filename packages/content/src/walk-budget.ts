/**
 * An end to every walk. A DAG of a few blocks can have more paths than anybody could follow; so a walk may visit a number of
 * blocks that bring it nothing, and from then on no more than have brought something. In a right file inner nodes are
 * fewer than leaves.
 */
import type { CID } from 'multiformats/cid'
import { DagInvalidError } from './dag-invalid-error.ts'

export const idleVisitsMax = 65_536

/** Visits between two turns of the event loop: what is read from memory alone would never let go of it. */
const VISITS_A_TURN = 256

export interface WalkBudget {
  /** @param useful: the block gives bytes, or is given out itself @throws DagInvalidError DAG_INVALID */
  visit(cid: CID, useful: boolean): Promise<void>
}

export function createWalkBudget(): WalkBudget {
  let visits = 0
  let useful = 0
  return {
    async visit(cid, isUseful) {
      visits += 1
      if (isUseful) useful += 1
      if (visits - 2 * useful > idleVisitsMax)
        throw new DagInvalidError(
          cid,
          `the walk has seen ${visits} blocks on its way here, and ${useful} of them were of use`,
        )
      if (visits % VISITS_A_TURN === 0) await new Promise((resolve) => setTimeout(resolve, 0))
    },
  }
}
