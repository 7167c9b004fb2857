/** Quotes that were given: what a client may hold the provider to. Kept until they run out, and as long as an upload is for one. */
import type { DatabaseSync } from 'node:sqlite'
import { type Address, type Quote, quoteFromJson, quoteToJson } from '@granary/protocol/messages'
import { inTransaction } from '../storage/in-transaction.ts'
import type { QuotesOfUploads } from '../uploads/open-upload.ts'

export interface QuoteStore extends QuotesOfUploads {
  /** Once it is written: what is given in one turn of the event loop together. */
  add(quote: Quote): Promise<void>
  /** The quotes of a client that still hold at `head`. */
  validOf(client: Address, head: number): Quote[]
  /** With those that are being written. */
  count(): number
  /** But those of open uploads: what they hold, and what they cost, is in their quotes. */
  dropBefore(head: number): void
}

/** @param db: in which the uploads are, too */
export function createQuoteStore(db: DatabaseSync): QuoteStore {
  db.exec(`
    CREATE TABLE IF NOT EXISTS quotes (
      quote_id TEXT PRIMARY KEY,
      client TEXT NOT NULL,
      valid_until INTEGER NOT NULL,
      quote TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS quotes_by_client ON quotes (client, valid_until);
    CREATE INDEX IF NOT EXISTS quotes_by_end ON quotes (valid_until);
  `)
  const insert = db.prepare('INSERT INTO quotes (quote_id, client, valid_until, quote) VALUES (?, ?, ?, ?)')
  const byId = db.prepare('SELECT quote FROM quotes WHERE quote_id = ? AND valid_until >= ?')
  const byClient = db.prepare('SELECT quote FROM quotes WHERE client = ? AND valid_until >= ?')
  const count = db.prepare('SELECT count(*) AS count FROM quotes')
  const drop = db.prepare('DELETE FROM quotes WHERE valid_until < ? AND quote_id NOT IN (SELECT quote_id FROM uploads)')

  const find = (quoteId: string, head: number): Quote | undefined => {
    const row = byId.get(quoteId, head)
    return row === undefined ? undefined : parse(row.quote)
  }

  let waiting: { readonly quotes: Quote[]; readonly written: Promise<void> } | undefined
  const write = (quotes: readonly Quote[]): void =>
    inTransaction(db, () => {
      for (const quote of quotes)
        insert.run(quote.quoteId, quote.client, quote.validUntil, JSON.stringify(quoteToJson(quote)))
    })

  return {
    add: (quote) => {
      const before = waiting
      if (before !== undefined) {
        before.quotes.push(quote)
        return before.written
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const batch = { quotes: [quote], written: promise }
      waiting = batch
      setImmediate(() => {
        waiting = undefined
        try {
          write(batch.quotes)
          resolve()
        } catch (error) {
          reject(error)
        }
      })
      return promise
    },
    find,
    ofUpload: (quoteId) => find(quoteId, 0),
    validOf: (client, head) => byClient.all(client, head).map((row) => parse(row.quote)),
    count: () => Number(count.get()?.count ?? 0) + (waiting?.quotes.length ?? 0),
    dropBefore: (head) => {
      drop.run(head)
    },
  }
}

function parse(text: unknown): Quote {
  return quoteFromJson(JSON.parse(String(text)))
}
