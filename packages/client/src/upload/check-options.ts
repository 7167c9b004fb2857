import type { PutOptions } from './put-prepared.ts'

/** The longest that the chain takes (docs/spec/chain.md, DealTerms). */
const LABEL_BYTES_MAX = 256
/** As many as the program takes. */
const COPIES_MAX = 64

/**
 * Before anything is read: not everybody who calls has types, and a price that is no bigint would only be found out when it is to
 * be paid. @throws GranaryError PUT_OPTION_INVALID, LABEL_TOO_LONG
 */
export async function checkOptions(options: PutOptions): Promise<void> {
  const { label = '', copies = 1, collateralShareBps = 0, maxPrice = 'any', until = 'active' } = options
  const isSound = {
    label: `${label}` === label && label.isWellFormed() && new TextEncoder().encode(label).length <= LABEL_BYTES_MAX,
    copies: Number.isInteger(copies) && copies > 0 && copies <= COPIES_MAX,
    collateralShareBps: Number.isInteger(collateralShareBps) && collateralShareBps >= 0,
    maxPrice: maxPrice === 'any' || typeof maxPrice === 'bigint',
    until: until === 'active' || until === 'published',
  }
  const wrong = Object.entries(isSound).find(([, is]) => !is)
  if (wrong === undefined) return
  const { optionInvalid } = await import('./option-invalid.ts')
  throw optionInvalid(wrong[0] as keyof typeof isSound, label)
}
