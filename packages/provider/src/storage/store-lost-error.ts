/**
 * STORE_LOST: provider.sqlite is not the store of this home any more, or not the newest. Going on with it would give
 * numbers out again and take what is sealed and stored for what nobody needs, so nothing is started.
 */
import { GranaryError } from '@granary/base'

export type StoreFault = 'missing' | 'empty' | 'damaged' | 'foreign' | 'behind'

export class StoreLostError extends GranaryError {
  constructor(path: string, fault: StoreFault, why: string, cause?: unknown) {
    super({
      code: 'STORE_LOST',
      message: `${path} is ${fault}: ${why}. Nothing was started, moved or deleted`,
      hint: 'put back the newest provider.sqlite of this home, or run `granary provider rebuild`: it makes the store from the sealed sectors and the chain',
      details: { path, fault },
      cause,
    })
  }
}
