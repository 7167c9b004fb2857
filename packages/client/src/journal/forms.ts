/** What stands in a journal, as it is read: nothing in it is believed before. Quotes and terms are parsed where they are used. */
import { type Hex, isHex } from '@granary/base'
import type { DealTermsJson, Hash, QuoteJson } from '@granary/protocol/messages'
import * as z from 'zod/mini'
import type { UploadEvent, UploadState } from './upload-state.ts'

export const hex: z.ZodMiniType<Hex> = z.custom<Hex>((value) => isHex(value), 'not 0x hex')
const hash: z.ZodMiniType<Hash> = hex
const fields = <T>() => z.custom<T>((value) => typeof value === 'object' && value !== null, 'not an object')
export const quoteForm: z.ZodMiniType<QuoteJson> = fields<QuoteJson>()
export const termsForm: z.ZodMiniType<DealTermsJson> = fields<DealTermsJson>()

const amount = z.string().check(z.regex(/^-?\d+$/))
const count = z.int().check(z.minimum(0))
const piece = z.object({ payloadSize: count, pieceSize: count, pieceCid: z.optional(z.string()) })
const place = z.object({ piece: count, copy: count })
const until = z.enum(['published', 'active'])
const content = {
  genesisHash: hash,
  rootCid: z.string(),
  name: z.string(),
  fileBytes: count,
  duration: count,
  until: z.optional(until),
  pieces: z.array(piece),
}

const provider = count
const uploadUrl = z.optional(z.string())
const agreement = {
  ...place.shape,
  provider,
  terms: termsForm,
  agreementId: hash,
  providerSignature: z.optional(hex),
  uploadUrl,
}

export const stateForm: z.ZodMiniType<UploadState> = z.object({
  ...content,
  slots: z.array(
    z.discriminatedUnion('state', [
      z.object({ ...place.shape, state: z.literal('vacant') }),
      z.object({ ...place.shape, state: z.literal('chosen'), provider, uploadUrl }),
      z.object({ ...place.shape, state: z.literal('quoted'), provider, quote: quoteForm, uploadUrl }),
      z.object({ ...place.shape, state: z.literal('uploaded'), provider, quote: quoteForm, uploadUrl: z.string() }),
      z.object({
        ...place.shape,
        state: z.literal('offered'),
        provider,
        quote: quoteForm,
        uploadUrl: z.string(),
        terms: termsForm,
        agreementId: hash,
      }),
      z.object({ ...agreement, state: z.literal('agreed'), providerSignature: hex }),
      z.object({ ...agreement, state: z.literal('published'), dealId: count }),
      z.object({ ...agreement, state: z.literal('active'), dealId: count }),
    ]),
  ),
  spending: z.optional(z.object({ maxPrice: z.nullable(amount), paid: z.array(hash), lost: amount })),
})

const slot = count
export const eventForm: z.ZodMiniType<UploadEvent> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('opened'), ...content, places: z.array(place) }),
  z.object({ type: z.literal('price:agreed'), maxPrice: z.nullable(amount), inAll: z.optional(z.boolean()) }),
  z.object({ type: z.literal('until:changed'), until }),
  z.object({ type: z.literal('fee:burnt'), lost: amount }),
  z.object({ type: z.literal('places:added'), places: z.array(place) }),
  z.object({ type: z.literal('duration:changed'), duration: count }),
  z.object({ type: z.literal('piece:named'), piece: count, pieceCid: z.string() }),
  z.object({ type: z.literal('slot:chosen'), slot, provider }),
  z.object({ type: z.literal('slot:quoted'), slot, quote: quoteForm }),
  z.object({ type: z.literal('slot:upload-opened'), slot, uploadUrl: z.string() }),
  z.object({ type: z.literal('slot:uploaded'), slot }),
  z.object({ type: z.literal('slot:offered'), slot, terms: termsForm, agreementId: hash }),
  z.object({ type: z.literal('slot:agreed'), slot, providerSignature: hex }),
  z.object({ type: z.literal('slot:published'), slot, dealId: count }),
  z.object({ type: z.literal('slot:active'), slot }),
  z.object({
    type: z.literal('slot:adopted'),
    slot,
    provider,
    terms: termsForm,
    agreementId: hash,
    dealId: count,
    active: z.boolean(),
  }),
  z.object({ type: z.literal('slot:withdrawn'), slot }),
  z.object({ type: z.literal('slot:unpublished'), slot }),
  z.object({ type: z.literal('slot:vacated'), slot, lost: z.optional(amount) }),
])
