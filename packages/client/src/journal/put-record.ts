/** What a put has written down, as it stands in a journal. A record of an earlier release is read by the same schema. */
import { GranaryError, type Hex, isHex } from '@granary/base'
import type { DealTermsJson, Hash, QuoteJson } from '@granary/protocol/messages'
import { inEnglish } from '@granary/protocol/operation'
import * as z from 'zod/mini'

export interface PutRecord {
  readonly schemaVersion: 1
  readonly genesisHash: Hash
  readonly rootCid: string
  /** What the file was called, such as its path: only for the reader of a list. */
  readonly path: string
  readonly fileBytes: number
  readonly pieceCid: string
  readonly pieceSize: number
  readonly payloadSize: number
  /** Epochs. */
  readonly duration: number
  /** u64 in decimal: part of the terms, so that two deals of the same content and price differ. */
  readonly nonce: string
  readonly provider?: number | undefined
  readonly quote?: QuoteJson | undefined
  readonly uploadUrl?: string | undefined
  readonly terms?: DealTermsJson | undefined
  readonly agreementId?: Hash | undefined
  readonly providerSignature?: Hex | undefined
  readonly dealId?: number | undefined
  /** The deal has been seen active on the chain. */
  readonly active: boolean
}

const hex = z.custom<Hex>((value) => isHex(value), 'not 0x hex')
const fields = <T>() => z.custom<T>((value) => typeof value === 'object' && value !== null, 'not an object')

// Quote and terms are parsed strictly where they are used, by the parsers that their messages have.
const putRecordSchema: z.ZodMiniType<PutRecord> = z.object({
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
  quote: z.optional(fields<QuoteJson>()),
  uploadUrl: z.optional(z.string()),
  terms: z.optional(fields<DealTermsJson>()),
  agreementId: z.optional(hex),
  providerSignature: z.optional(hex),
  dealId: z.optional(z.number()),
  active: z.boolean(),
})

export class JournalInvalidError extends GranaryError {
  /** @param path of the record, by which a person finds it */
  constructor(path: string, what: string) {
    super({
      code: 'JOURNAL_INVALID',
      message: `the journal ${path} cannot be read: ${what}`,
      hint: 'it was changed by something else; when the deal in it is known or not wanted, remove the file and put again',
      details: { path },
    })
  }
}

/** @param path for the error, by which a person finds the record. @throws JournalInvalidError */
export function parsePutRecord(path: string, text: string): PutRecord {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new JournalInvalidError(path, 'it is not JSON')
  }
  const parsed = putRecordSchema.safeParse(json, inEnglish)
  if (!parsed.success) throw new JournalInvalidError(path, z.prettifyError(parsed.error))
  return parsed.data
}
