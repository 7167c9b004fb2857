/**
 * Agreements and the pieces that they need. A piece is one file however many deals hold it; it goes when the last one
 * has ended.
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { type Address, type DealTerms, dealTermsFromJson, dealTermsToJson, type Hash } from '@granary/protocol/messages'
import { inTransaction } from '../storage/in-transaction.ts'
import { dealBytes } from '../storage/space.ts'
import { type DealState, isDealState, isLive, liveStates, mayBecome } from './deal-state.ts'
import type { Timeline } from './timeline.ts'

export interface DealRecord {
  readonly agreementId: Hash
  readonly terms: DealTerms
  readonly signature: Uint8Array
  readonly state: DealState
  readonly reason: string | undefined
  readonly dealId: number | undefined
  readonly sector: number | undefined
  readonly publishedAt: number | undefined
}

export interface Agreement {
  readonly agreementId: Hash
  readonly terms: DealTerms
  readonly signature: Uint8Array
  readonly epoch: number
}

export interface EndedDeal extends DealRecord {
  /** Where it stands among all, for what comes after it. */
  readonly position: number
  /** Undefined: it ended before its end was written down. */
  readonly endedAtMs: number | undefined
}

/** A piece whose file still has to be moved out of staging. */
export interface StagedPiece {
  readonly pieceCid: string
  readonly uploadId: string
}

export interface DealStore {
  /** Writes the deal, takes over the upload's file for its piece, ends the upload: all or nothing. */
  agree(agreement: Agreement, uploadId: string): void
  /** A deal that was signed under another store: as agreed, without an upload. */
  adopt(agreement: Omit<Agreement, 'epoch'>): void
  find(id: string): DealRecord | undefined
  findByNonce(client: Address, nonce: bigint): DealRecord | undefined
  /** All that were ever signed. */
  count(): number
  inStates(states: readonly DealState[]): DealRecord[]
  /** The ones agreed on last come first. */
  ended(before: number, limit: number): EndedDeal[]
  /**
   * The deal has this number on the chain. @returns agreements whose number that was before, on a chain that was rolled
   * back since: they are as agreed on again
   */
  publish(agreementId: string, dealId: number, epoch: number): string[]
  /** The chain was rolled back to before the deal was published, was in a sector, or had ended: then its piece is needed again. */
  rollBack(agreementId: string, to: 'agreed' | 'published' | 'sealing' | 'active'): void
  wasRolledBack(agreementId: string): boolean
  /** False when the deal is there already, or cannot go there. */
  setState(agreementId: string, state: DealState, event: { epoch?: number; reason?: string }): boolean
  setSector(dealIds: readonly number[], sector: number | undefined): void
  stagedPieces(): StagedPiece[]
  pieceMoved(pieceCid: string): void
  hasPiece(pieceCid: string): boolean
  pieceCids(): string[]
  pieces(): { pieceCid: string; payloadSize: number }[]
  dealsOfPiece(pieceCid: string): DealRecord[]
  /** Pieces of published deals that have not ended, with the root by which they are found. */
  servedPieces(): { pieceCid: string; payloadSize: number; rootCid: string | undefined }[]
  dropPieceIfUnused(pieceCid: string): boolean
  offered(): { bytes: number; collateral: bigint }
  /** Padded bytes of deals that are not active yet. */
  waitingPieces(): { readonly pieceSize: number; readonly bytes: number }[]
  /** How many there are in each state. */
  counts(): Record<string, number>
  /** Of deals that have not ended. */
  liveCount(): number
  promisedBytes(): number
  writtenBytes(): number
}

const live = liveStates.map((state) => `'${state}'`).join(', ')
const served = liveStates.filter((state) => state !== 'agreed').map((state) => `'${state}'`)

export function createDealStore(db: DatabaseSync, timeline: Timeline): DealStore {
  db.exec(`
    CREATE TABLE IF NOT EXISTS deals (
      agreement_id TEXT PRIMARY KEY,
      client TEXT NOT NULL,
      nonce TEXT NOT NULL,
      terms TEXT NOT NULL,
      signature BLOB NOT NULL,
      state TEXT NOT NULL,
      reason TEXT,
      deal_id INTEGER UNIQUE,
      sector INTEGER,
      published_at INTEGER,
      piece_cid TEXT NOT NULL,
      payload_bytes INTEGER NOT NULL,
      held_bytes INTEGER NOT NULL,
      UNIQUE (client, nonce)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS deals_by_state ON deals (state);
    CREATE INDEX IF NOT EXISTS deals_by_piece ON deals (piece_cid);
    CREATE TABLE IF NOT EXISTS pieces (
      piece_cid TEXT PRIMARY KEY,
      payload_size INTEGER NOT NULL,
      staged_as TEXT
    ) STRICT;
  `)
  const insertDeal = db.prepare(`
    INSERT INTO deals (agreement_id, client, nonce, terms, signature, state, piece_cid, payload_bytes, held_bytes)
    VALUES (?, ?, ?, ?, ?, 'agreed', ?, ?, ?)`)
  const insertPiece = db.prepare(
    'INSERT INTO pieces (piece_cid, payload_size, staged_as) VALUES (?, ?, NULL) ON CONFLICT (piece_cid) DO NOTHING',
  )
  // Bytes that were verified a moment ago take the place of those that lie there: a row does not say that they are sound.
  const stagePiece = db.prepare(`
    INSERT INTO pieces (piece_cid, payload_size, staged_as) VALUES (?, ?, ?)
    ON CONFLICT (piece_cid) DO UPDATE SET staged_as = excluded.staged_as`)
  const endUpload = db.prepare('DELETE FROM uploads WHERE upload_id = ?')
  const byAgreement = db.prepare('SELECT * FROM deals WHERE agreement_id = ?')
  const byDealId = db.prepare('SELECT * FROM deals WHERE deal_id = ?')
  const byNonce = db.prepare('SELECT * FROM deals WHERE client = ? AND nonce = ?')
  const countAll = db.prepare('SELECT count(*) AS count FROM deals')
  const countLive = db.prepare(`SELECT count(*) AS count FROM deals WHERE state IN (${live})`)
  const countStates = db.prepare('SELECT state, count(*) AS count FROM deals GROUP BY state')
  const byState = db.prepare('SELECT * FROM deals WHERE state = ? ORDER BY published_at, deal_id')
  const over = db.prepare(`
    SELECT deals.*, rowid AS position,
           (SELECT max(at_ms) FROM timeline WHERE agreement_id = deals.agreement_id AND type = deals.state) AS ended_at_ms
    FROM deals WHERE state NOT IN (${live}) AND rowid < ? ORDER BY rowid DESC LIMIT ?`)
  const setPublished = db.prepare(
    `UPDATE deals SET deal_id = ?, published_at = ?, state = iif(state = 'agreed', 'published', state) WHERE agreement_id = ?`,
  )
  const unpublish = db.prepare(
    `UPDATE deals SET deal_id = NULL, published_at = NULL, sector = NULL, state = iif(state IN (${live}), 'agreed', state)
     WHERE agreement_id = ?`,
  )
  const returnToPublished = db.prepare("UPDATE deals SET sector = NULL, state = 'published' WHERE agreement_id = ?")
  const setState = db.prepare('UPDATE deals SET state = ?, reason = ? WHERE agreement_id = ?')
  const setSector = db.prepare('UPDATE deals SET sector = ? WHERE deal_id = ?')
  const staged = db.prepare('SELECT piece_cid, staged_as FROM pieces WHERE staged_as IS NOT NULL')
  const moved = db.prepare('UPDATE pieces SET staged_as = NULL WHERE piece_cid = ?')
  const piece = db.prepare('SELECT 1 AS found FROM pieces WHERE piece_cid = ?')
  const allPieces = db.prepare('SELECT piece_cid, payload_size FROM pieces')
  const byPiece = db.prepare('SELECT * FROM deals WHERE piece_cid = ?')
  const servedDeals = db.prepare(`SELECT terms FROM deals WHERE state IN (${served.join(', ')})`)
  const dropPiece = db.prepare(`
    DELETE FROM pieces WHERE piece_cid = ?1
    AND NOT EXISTS (SELECT 1 FROM deals WHERE piece_cid = ?1 AND state IN (${live}))`)
  const held = db.prepare(`
    SELECT coalesce(sum(held_bytes), 0) AS promised,
           coalesce(sum(iif(state = 'active', held_bytes, payload_bytes)), 0) AS written
    FROM deals WHERE state IN (${live})`)
  // What is held for a deal is its payload and twice its piece (storage/space.ts).
  const waiting = db.prepare(`
    SELECT (held_bytes - payload_bytes) / 2 AS size, sum((held_bytes - payload_bytes) / 2) AS bytes
    FROM deals WHERE state IN ('agreed', 'published', 'sealing') GROUP BY 1`)
  const offers = db.prepare("SELECT terms, held_bytes FROM deals WHERE state = 'agreed'")

  const insert = ({ agreementId, terms, signature }: Omit<Agreement, 'epoch'>): void => {
    const json = JSON.stringify(dealTermsToJson(terms))
    const { client, nonce, pieceCid, payloadSize, pieceSize } = terms
    const held = dealBytes(payloadSize, pieceSize)
    insertDeal.run(agreementId, client, String(nonce), json, signature, pieceCid, payloadSize, held)
  }

  return {
    adopt: ({ agreementId, terms, signature }) => {
      inTransaction(db, () => {
        insert({ agreementId, terms, signature })
        insertPiece.run(terms.pieceCid, terms.payloadSize)
        timeline.append(agreementId, { type: 'adopted' })
      })
    },
    agree: ({ agreementId, terms, signature, epoch }, uploadId) => {
      inTransaction(db, () => {
        insert({ agreementId, terms, signature })
        stagePiece.run(terms.pieceCid, terms.payloadSize, uploadId)
        endUpload.run(uploadId)
        timeline.append(agreementId, { type: 'agreed', epoch })
      })
    },
    find: (id) => toRecord(/^\d{1,15}$/.test(id) ? byDealId.get(Number(id)) : byAgreement.get(id)),
    findByNonce: (client, nonce) => toRecord(byNonce.get(client, String(nonce))),
    count: () => Number(countAll.get()?.count),
    inStates: (states) => states.flatMap((state) => byState.all(state).map((row) => toRecord(row)!)),
    ended: (before, limit) =>
      over.all(before, limit).map((row) => ({
        ...toRecord(row)!,
        position: Number(row.position),
        endedAtMs: row.ended_at_ms === null ? undefined : Number(row.ended_at_ms),
      })),
    publish: (agreementId, dealId, epoch) => {
      return inTransaction(db, () => {
        const others = [byDealId.get(dealId)].flatMap((row) => (row === undefined ? [] : String(row.agreement_id)))
        const displaced = others.filter((other) => other !== agreementId)
        for (const other of displaced) {
          unpublish.run(other)
          timeline.append(other, { type: 'rolled-back', data: { to: 'agreed' } })
        }
        const before = byAgreement.get(agreementId)?.deal_id
        // Published again, under another number: whatever sector it was in, this deal is in none.
        if (before !== undefined && before !== null && Number(before) !== dealId) unpublish.run(agreementId)
        setPublished.run(dealId, epoch, agreementId)
        timeline.append(agreementId, { type: 'published', epoch, data: { deal: dealId } })
        return displaced
      })
    },
    wasRolledBack: (agreementId) => timeline.has(agreementId, 'rolled-back'),
    rollBack: (agreementId, to) => {
      inTransaction(db, () => {
        if (to === 'agreed') unpublish.run(agreementId)
        else if (to === 'published') returnToPublished.run(agreementId)
        else setState.run(to, null, agreementId)
        const row = byAgreement.get(agreementId)
        if (row !== undefined && isLive(stateOf(row.state)))
          insertPiece.run(String(row.piece_cid), termsOf(row.terms).payloadSize)
        timeline.append(agreementId, { type: 'rolled-back', data: { to } })
      })
    },
    setState: (agreementId, state, { epoch, reason }) =>
      inTransaction(db, () => {
        const row = byAgreement.get(agreementId)
        if (row === undefined || !mayBecome(stateOf(row.state), state)) return false
        setState.run(state, reason ?? null, agreementId)
        const sector = row.sector === null ? {} : { sector: Number(row.sector) }
        const data = { ...sector, ...(reason === undefined ? {} : { reason }) }
        // What comes before is told by what brings it about.
        if (state !== 'agreed' && state !== 'published' && state !== 'sealing')
          timeline.append(agreementId, { type: state, data, ...(epoch === undefined ? {} : { epoch }) })
        return true
      }),
    setSector: (dealIds, sector) => {
      inTransaction(db, () => {
        for (const dealId of dealIds) setSector.run(sector ?? null, dealId)
      })
    },
    stagedPieces: () =>
      staged.all().map((row) => ({ pieceCid: String(row.piece_cid), uploadId: String(row.staged_as) })),
    pieceMoved: (pieceCid) => {
      moved.run(pieceCid)
    },
    hasPiece: (pieceCid) => piece.get(pieceCid) !== undefined,
    pieceCids: () => allPieces.all().map((row) => String(row.piece_cid)),
    pieces: () =>
      allPieces.all().map((row) => ({ pieceCid: String(row.piece_cid), payloadSize: Number(row.payload_size) })),
    dealsOfPiece: (pieceCid) => byPiece.all(pieceCid).map((row) => toRecord(row)!),
    servedPieces: () => {
      const byCid = new Map<string, { pieceCid: string; payloadSize: number; rootCid: string | undefined }>()
      for (const row of servedDeals.all()) {
        const { pieceCid, payloadSize, rootCid } = termsOf(row.terms)
        byCid.set(pieceCid, { pieceCid, payloadSize, rootCid: rootCid ?? byCid.get(pieceCid)?.rootCid })
      }
      return [...byCid.values()]
    },
    dropPieceIfUnused: (pieceCid) => dropPiece.run(pieceCid).changes > 0,
    offered: () => {
      let bytes = 0
      let collateral = 0n
      for (const row of offers.all()) {
        bytes += Number(row.held_bytes)
        collateral += termsOf(row.terms).providerCollateral
      }
      return { bytes, collateral }
    },
    waitingPieces: () => waiting.all().map(({ size, bytes }) => ({ pieceSize: Number(size), bytes: Number(bytes) })),
    counts: () => Object.fromEntries(countStates.all().map(({ state, count }) => [String(state), Number(count)])),
    liveCount: () => Number(countLive.get()?.count ?? 0),
    promisedBytes: () => Number(held.get()?.promised),
    writtenBytes: () => Number(held.get()?.written),
  }
}

function toRecord(row: Record<string, SQLOutputValue> | undefined): DealRecord | undefined {
  if (row === undefined) return undefined
  return {
    agreementId: String(row.agreement_id) as Hash,
    terms: termsOf(row.terms),
    signature: row.signature as Uint8Array,
    state: stateOf(row.state),
    reason: row.reason === null ? undefined : String(row.reason),
    dealId: row.deal_id === null ? undefined : Number(row.deal_id),
    sector: row.sector === null ? undefined : Number(row.sector),
    publishedAt: row.published_at === null ? undefined : Number(row.published_at),
  }
}

function stateOf(value: unknown): DealState {
  const text = String(value)
  if (!isDealState(text)) throw new RangeError(`"${text}" is not a state of a deal`)
  return text
}

function termsOf(value: unknown): DealTerms {
  return dealTermsFromJson(JSON.parse(String(value)))
}
