/** How what a provider and its clients say to each other stands in JSON: docs/spec/market-protocol.md. */
import { fromHex } from '@granary/base'
import * as z from 'zod/mini'
import { ask } from '../chain-api/answers.ts'
import type { Struct } from '../codec/struct.ts'
import { timelineEntry } from '../events/deal-timeline.ts'
import { address, hash, hex, natural } from '../json/forms.ts'
import { type DealRenewal, dealRenewal } from '../messages/deal-renewal.ts'
import { type DealTerms, type DealTermsJson, dealTerms } from '../messages/deal-terms.ts'
import { type Quote, type QuoteJson, quote } from '../messages/quote.ts'

/** The struct's own parser, which throws an error that names the field. */
function formOf<T, J>(of: Struct<T, J>, path: string): z.ZodMiniType<T, J> {
  return z.pipe(
    z.custom<J>().register(z.globalRegistry, of.schema),
    z.transform((json: J) => of.fromJson(json, path)),
  )
}

const quoteForm: z.ZodMiniType<Quote, QuoteJson> = formOf(quote, 'quote')
const termsForm: z.ZodMiniType<DealTerms, DealTermsJson> = formOf(dealTerms, 'terms')

/** A number, or the decimal string in which epochs travel. */
const whole = z.union(
  [natural, z.pipe(z.string().check(z.regex(/^(?:0|[1-9]\d{0,15})$/)), z.transform<string, number>(Number))],
  'expected a whole number, or one as decimal text',
)
const bytes = z.pipe(
  hex,
  z.transform((text): Uint8Array => fromHex(text)),
)

export const quoteBody = z.strictObject({
  client: address,
  pieceSize: whole,
  duration: whole,
  collateralShareBps: z.optional(whole),
})
/** The signature is over the quote's EIP-712 digest, by the provider. */
export const quoteAnswer = z.object({ quote: quoteForm, signature: hex })

export const loginBody = z.strictObject({ client: address, issuedAt: whole, signature: bytes })
/** `expiresAt` in seconds since 1970. */
export const loginAnswer = z.object({ token: z.string().check(z.minLength(1)), expiresAt: z.number() })

/** Of an upload: tus carries text. `rootCid`: of a CAR. What piece it is comes with the terms. */
export const uploadMetadata = z.object({
  pieceSize: z.string().check(z.regex(/^\d{1,15}$/)),
  // Of what is no longer than a CID in the terms.
  rootCid: z.optional(z.string().check(z.regex(/^.{1,256}$/))),
  quoteId: z.string(),
})
export type UploadMetadata = Readonly<z.output<typeof uploadMetadata>>

export const agreeBody = z.strictObject({
  uploadId: z.string().check(z.regex(/^[0-9a-f]{32}$/, 'expected the last part of the upload’s address')),
  terms: termsForm,
})
const agreement = { agreementId: hash, terms: termsForm, signature: hex }
export const agreeAnswer = z.object(agreement)

const renewalForm: z.ZodMiniType<DealRenewal> = formOf(dealRenewal, 'renewal')
export const renewalBody = z.strictObject({ deal: whole, endsAt: whole })
/** The signature is over the renewal's EIP-712 digest, by the provider: it goes into RenewDeal as it is. */
export const renewalAnswer = z.object({ renewal: renewalForm, signature: hex })

export const dealParams = z.object({
  id: z
    .string()
    .check(z.regex(/^(?:0x[0-9a-f]{64}|\d{1,15})$/, 'expected an agreement id (0x…) or the number of a deal')),
})
export const dealAnswer = z.object({
  ...agreement,
  /** null: it is not on the chain. */
  dealId: z.nullable(natural),
  state: z.enum([
    'agreed',
    'published',
    'sealing',
    'active',
    'expired',
    'terminated',
    'offer-expired',
    'lapsed',
    'cancelled',
  ]),
  /** A code. */
  reason: z.nullable(z.string()),
  sector: z.nullable(natural),
  /** The newest thousand entries, in order. */
  timeline: z.readonly(z.array(timelineEntry)),
})

/** What an alert threatens: what clients stored, the proofs of it, money, or that anybody is served. */
export const stakeForm = z.enum(['data', 'proofs', 'money', 'service'])
export type Stake = z.infer<typeof stakeForm>

const alert = z.object({
  code: z.string(),
  /** What it is about, where there may be several at once. */
  subject: z.optional(z.string()),
  message: z.string(),
  hint: z.string(),
  stake: z.optional(stakeForm),
  sinceMs: z.number(),
})
export const healthAnswer = z.object({
  ok: z.boolean(),
  /** Those of the alerts by which it is not. */
  reasons: z.readonly(z.array(alert)),
  /** Of the chain, as this provider has followed it. */
  height: natural,
  alerts: z.readonly(z.array(alert)),
})

export const infoAnswer = z.object({
  id: natural,
  address,
  peerId: z.string(),
  multiaddrs: z.readonly(z.array(z.string())),
  endpoints: z.readonly(z.array(z.string())),
  name: z.string(),
  region: z.string(),
  ask: z.nullable(ask),
  profiles: z.readonly(z.array(z.string())),
  profile: z.object({ name: z.string(), sectorBytes: z.int().check(z.positive()) }),
  freeBytes: z.number().check(z.nonnegative()),
  /** Epochs from now for which it takes standing orders; 0: none. */
  ordersMax: z.exactOptional(natural),
  chain: z.object({ genesisHash: hash, height: natural, url: z.string() }),
  version: z.string(),
})
