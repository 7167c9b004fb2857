/**
 * What a put has done so far: one JSON file for a chain and a root CID, replaced as a whole at each step. A put that is
 * killed at any point and called again reads it and goes on; the nonce is in it before anything leaves this machine.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError, type Hex, isHex } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import type { DealTermsJson, Hash, QuoteJson } from '@granary/protocol/messages'
import * as z from 'zod'

export interface PutRecord {
  readonly schemaVersion: 1
  readonly genesisHash: Hash
  readonly rootCid: string
  /** Where the file was: only for the reader of a list. */
  readonly path: string
  readonly fileBytes: number
  readonly pieceCid: string
  readonly pieceSize: number
  readonly payloadSize: number
  /** Epochs. */
  readonly duration: number
  /** u64 in decimal; in the terms, where it makes them these terms and no others. */
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
const putRecordSchema: z.ZodType<PutRecord> = z.object({
  schemaVersion: z.literal(1),
  genesisHash: hex,
  rootCid: z.string(),
  path: z.string(),
  fileBytes: z.number(),
  pieceCid: z.string(),
  pieceSize: z.number(),
  payloadSize: z.number(),
  duration: z.number(),
  nonce: z.string().regex(/^\d+$/),
  provider: z.number().optional(),
  quote: fields<QuoteJson>().optional(),
  uploadUrl: z.string().optional(),
  terms: fields<DealTermsJson>().optional(),
  agreementId: hex.optional(),
  providerSignature: hex.optional(),
  dealId: z.number().optional(),
  active: z.boolean(),
})

export class JournalInvalidError extends GranaryError {
  constructor(path: string, what: string) {
    super({
      code: 'JOURNAL_INVALID',
      message: `the journal ${path} cannot be read: ${what}`,
      hint: 'it was changed by something else; when the deal in it is known or not wanted, remove the file and put again',
      details: { path },
    })
  }
}

export interface Journal {
  read(genesisHash: Hash, rootCid: string): Promise<PutRecord | undefined>
  write(record: PutRecord): Promise<void>
  list(genesisHash: Hash): Promise<PutRecord[]>
}

/** @param folder where the records are kept; made at the first write */
export function openJournal(folder: string): Journal {
  const pathOf = (genesisHash: Hash, rootCid: string) => join(folder, nameOf(genesisHash, rootCid))
  return {
    read: (genesisHash, rootCid) => readRecord(pathOf(genesisHash, rootCid)),
    async write(record) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const name = nameOf(record.genesisHash, record.rootCid)
      await removeLeftovers(folder, name)
      await writeFileDurably(join(folder, name), `${JSON.stringify(record, null, 2)}\n`, 0o600)
    },
    async list(genesisHash) {
      const names = await readdir(folder).catch(emptyWhenMissing)
      const own = names.filter((name) => name.startsWith(`${genesisHash.slice(2)}-`) && name.endsWith('.json')).sort()
      // A list shows what can be read; who puts the broken one again is told.
      const records = await Promise.all(own.map((name) => readRecord(join(folder, name)).catch(undefinedWhenInvalid)))
      return records.filter((record) => record !== undefined)
    },
  }
}

function nameOf(genesisHash: Hash, rootCid: string): string {
  return `${genesisHash.slice(2)}-${rootCid}.json`
}

/** What a write that was killed has left; nobody else writes this record now, since a put holds the lock of its file. */
async function removeLeftovers(folder: string, name: string): Promise<void> {
  const names = await readdir(folder)
  const left = names.filter((other) => other.startsWith(`${name}.`) && other.endsWith('.tmp'))
  for (const other of left) await rm(join(folder, other), { force: true })
}

async function readRecord(path: string): Promise<PutRecord | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new JournalInvalidError(path, 'it is not JSON')
  }
  const parsed = putRecordSchema.safeParse(json)
  if (!parsed.success) throw new JournalInvalidError(path, z.prettifyError(parsed.error))
  return parsed.data
}

function undefinedWhenInvalid(error: unknown): undefined {
  if (!(error instanceof JournalInvalidError)) throw error
}

function emptyWhenMissing(error: unknown): string[] {
  if ((error as { code?: unknown }).code === 'ENOENT') return []
  throw error
}
