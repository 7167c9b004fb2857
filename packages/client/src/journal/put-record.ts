/** What earlier releases wrote down of a put: one record of one deal, read into an upload of one slot. */
import type { Hex } from '@granary/base'
import type { DealTermsJson, Hash, QuoteJson } from '@granary/protocol/messages'
import { inEnglish } from '@granary/protocol/operation'
import * as z from 'zod/mini'
import { hex, quoteForm, termsForm } from './forms.ts'
import { JournalInvalidError } from './journal-invalid.ts'
import type { SlotState, UploadState } from './upload-state.ts'

interface PutRecord {
  readonly genesisHash: Hash
  readonly rootCid: string
  readonly path: string
  readonly fileBytes: number
  readonly pieceCid: string
  readonly pieceSize: number
  readonly payloadSize: number
  readonly duration: number
  readonly provider?: number | undefined
  readonly quote?: QuoteJson | undefined
  readonly uploadUrl?: string | undefined
  readonly terms?: DealTermsJson | undefined
  readonly agreementId?: Hash | undefined
  readonly providerSignature?: Hex | undefined
  readonly dealId?: number | undefined
  readonly active: boolean
}

const recordForm: z.ZodMiniType<PutRecord> = z.object({
  schemaVersion: z.literal(1),
  genesisHash: hex,
  rootCid: z.string(),
  path: z.string(),
  fileBytes: z.number(),
  pieceCid: z.string(),
  pieceSize: z.number(),
  payloadSize: z.number(),
  duration: z.number(),
  nonce: z.string().check(z.regex(/^\d+$/)),
  provider: z.optional(z.number()),
  quote: z.optional(quoteForm),
  uploadUrl: z.optional(z.string()),
  terms: z.optional(termsForm),
  agreementId: z.optional(hex),
  providerSignature: z.optional(hex),
  dealId: z.optional(z.number()),
  active: z.boolean(),
})

/** @param path for the error, by which a person finds the record. @throws JournalInvalidError */
export function parsePutRecord(path: string, text: string): UploadState {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new JournalInvalidError(path, 'it is not JSON')
  }
  const parsed = recordForm.safeParse(json, inEnglish)
  if (!parsed.success) throw new JournalInvalidError(path, z.prettifyError(parsed.error))
  const { genesisHash, rootCid, path: name, fileBytes, duration, payloadSize, pieceSize, pieceCid } = parsed.data
  return {
    genesisHash,
    rootCid,
    name,
    fileBytes,
    duration,
    pieces: [{ payloadSize, pieceSize, pieceCid }],
    slots: [{ piece: 0, copy: 0, ...slotOf(parsed.data) }],
  }
}

/** Each step was written when it was done, so that the last one which is there says how far the put had come. */
function slotOf(record: PutRecord): SlotState {
  const { provider, quote, uploadUrl, terms, agreementId, providerSignature, dealId, active } = record
  if (provider === undefined) return { state: 'vacant' }
  if (terms !== undefined && agreementId !== undefined) {
    const agreement = { provider, uploadUrl, terms, agreementId, providerSignature }
    if (dealId !== undefined) return { ...agreement, state: active ? 'active' : 'published', dealId }
    if (providerSignature !== undefined) return { ...agreement, state: 'agreed', providerSignature }
    if (quote !== undefined && uploadUrl !== undefined)
      return { state: 'offered', provider, quote, uploadUrl, terms, agreementId }
  }
  // Whether the bytes were all sent was not written down: the provider says so.
  return quote === undefined
    ? { state: 'chosen', provider, uploadUrl }
    : { state: 'quoted', provider, quote, uploadUrl }
}
