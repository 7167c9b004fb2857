/** What requests look like; a body is the output of one of these before it is anything else. */
import { fromHex, isHex } from '@granary/base'
import { type Address, type DealTerms, dealTermsFromJson } from '@granary/protocol/messages'
import * as z from 'zod'

const address = z
  .string()
  .refine((text): text is Address => isHex(text, 20), 'expected 0x and 40 lower-case hex digits')
const bytes = z
  .string()
  .refine((text) => isHex(text), 'expected 0x and lower-case hex digits')
  .transform((text): Uint8Array => fromHex(text))
/** A number, or the decimal string in which epochs travel. */
const whole = z.union(
  [
    z.int().nonnegative(),
    z
      .string()
      .regex(/^(?:0|[1-9]\d{0,15})$/)
      .transform(Number),
  ],
  'expected a whole number, or one as decimal text',
)

export interface QuoteBody {
  readonly client: Address
  readonly pieceSize: number
  readonly duration: number
  readonly collateralShareBps?: number | undefined
}
export const quoteBody: z.ZodType<QuoteBody> = z.strictObject({
  client: address,
  pieceSize: whole,
  duration: whole,
  collateralShareBps: whole.optional(),
})

export interface LoginBody {
  readonly client: Address
  readonly issuedAt: number
  readonly signature: Uint8Array
}
export const loginBody: z.ZodType<LoginBody> = z.strictObject({ client: address, issuedAt: whole, signature: bytes })

export interface AgreeBody {
  readonly uploadId: string
  readonly terms: DealTerms
}
export const agreeBody: z.ZodType<AgreeBody> = z.strictObject({
  uploadId: z.string().regex(/^[0-9a-f]{32}$/, 'expected the last part of the upload’s address'),
  // Throws an error that names the field itself.
  terms: z.unknown().transform((value): DealTerms => dealTermsFromJson(value)),
})

export const dealIdParam: z.ZodType<string> = z
  .string()
  .regex(/^(?:0x[0-9a-f]{64}|\d{1,15})$/, 'expected an agreement id (0x…) or the number of a deal')
