/** What paths and queries of a node's operations are made of: numbers come as text there. */
import * as z from 'zod/mini'
import type { Hash } from '../codec/types.ts'
import { hash } from '../json/forms.ts'

const BIGGEST = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }

/** An id, a height, an epoch: in a path or a query it comes as text. */
export const natural: z.ZodMiniType<number, string> = z
  .pipe(
    z.string().check(z.regex(/^(0|[1-9][0-9]{0,15})$/, 'expected a whole number ≥ 0 in decimal digits')),
    z.transform<string, number>(Number),
  )
  .check(z.refine(Number.isSafeInteger, 'expected a number below 2⁵³'))
  .register(z.globalRegistry, { type: 'integer', ...BIGGEST })

export const idsMax = 200

/** Ids, separated by commas. */
export const idList: z.ZodMiniType<readonly number[], string> = z.pipe(
  z.pipe(
    z.string().check(z.maxLength(17 * idsMax)),
    z.transform<string, string[]>((text) => text.split(',')),
  ),
  z.array(natural).check(z.maxLength(idsMax)),
)

export const pageItemsMax = 200
const PAGE_ITEMS = 100

/** Of every list: the cursor behind which to go on, and how many items at most. */
export const page: { after: z.ZodMiniType<number | undefined>; limit: z.ZodMiniType<number> } = {
  after: z.optional(natural),
  limit: z.pipe(
    z.optional(
      natural
        .check(z.refine((limit) => limit >= 1 && limit <= pageItemsMax, `expected 1 to ${pageItemsMax}`))
        .register(z.globalRegistry, { type: 'integer', minimum: 1, maximum: pageItemsMax }),
    ),
    z.transform((limit) => limit ?? PAGE_ITEMS),
  ),
}

/** The same of a list whose order is that of public keys. */
export const pageBehindKey: { after: z.ZodMiniType<Hash | undefined>; limit: typeof page.limit } = {
  after: z.optional(hash),
  limit: page.limit,
}

export const nothing: z.ZodMiniType<Record<string, never>> = z.strictObject({})
