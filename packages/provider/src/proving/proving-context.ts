/** What the parts of proving share. */
import type { SealContext } from '../sealing/seal-context.ts'
import type { SealingLog } from '../sectors/sealing-log.ts'
import { dealIdsOf } from '../sectors/sector.ts'
import type { PostStore } from './post-store.ts'

export type ProvingContext = Omit<SealContext, 'parentsDir'> & { readonly posts: PostStore; readonly log: SealingLog }

/** Deals of those sectors that this store knows. */
export function dealsIn({ store }: Pick<ProvingContext, 'store'>, sectors: readonly number[]): number[] {
  const known = new Map(store.inStates('proving').map((sector) => [sector.number, sector]))
  return sectors.flatMap((number) => {
    const sector = known.get(number)
    return sector === undefined ? [] : dealIdsOf(sector)
  })
}
