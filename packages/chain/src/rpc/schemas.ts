/**
 * What inputs are made of: what does not fit is refused by name before anything looks at it. The OpenAPI document is made
 * from the same schemas.
 */
import type { Hex } from '@granary/base'
import type { Address, Hash } from '@granary/protocol/messages'
import * as z from 'zod'
import { RequestInvalidError } from './errors.ts'

const BIGGEST = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }

/** An id, a height, an epoch: in a path or a query it comes as text. */
export const natural: z.ZodType<number, string> = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,15})$/, 'expected a whole number ≥ 0 in decimal digits')
  .transform(Number)
  .refine(Number.isSafeInteger, 'expected a number below 2⁵³')
  .meta({ type: 'integer', ...BIGGEST })

export const address: z.ZodType<Address> = z.templateLiteral(
  ['0x', z.string().regex(/^[0-9a-f]{40}$/)],
  'expected 0x and 40 lower-case hex digits',
)
export const hash: z.ZodType<Hash> = z.templateLiteral(
  ['0x', z.string().regex(/^[0-9a-f]{64}$/)],
  'expected 0x and 64 lower-case hex digits',
)
export const hex: z.ZodType<Hex> = z.templateLiteral(['0x', z.string().regex(/^([0-9a-f]{2})*$/)])
export const cid: z.ZodType<string> = z.string().regex(/^[A-Za-z0-9]{8,120}$/, 'expected a CID in base32 or base58')

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

/** @throws RequestInvalidError naming each field that does not fit */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value ?? {})
  if (result.success) return result.data
  throw new RequestInvalidError(
    result.error.issues
      .slice(0, 10)
      .map(({ path, message }) => ({ field: path.join('.') || 'request', problem: message })),
  )
}
