/** What paths and queries of a node's operations are made of: numbers come as text there. */
import * as z from 'zod'

const BIGGEST = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }

/** An id, a height, an epoch: in a path or a query it comes as text. */
export const natural: z.ZodType<number, string> = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,15})$/, 'expected a whole number ≥ 0 in decimal digits')
  .transform(Number)
  .refine(Number.isSafeInteger, 'expected a number below 2⁵³')
  .meta({ type: 'integer', ...BIGGEST })

const PAGE_ITEMS_MAX = 200
const PAGE_ITEMS = 100

/** Of every list: the cursor behind which to go on, and how many items at most. */
export const page: { after: z.ZodType<number | undefined>; limit: z.ZodType<number> } = {
  after: natural.optional(),
  limit: natural
    .refine((limit) => limit >= 1 && limit <= PAGE_ITEMS_MAX, `expected 1 to ${PAGE_ITEMS_MAX}`)
    .meta({ type: 'integer', minimum: 1, maximum: PAGE_ITEMS_MAX })
    .optional()
    .transform((limit) => limit ?? PAGE_ITEMS),
}

export const nothing: z.ZodType<Record<string, never>> = z.strictObject({})
