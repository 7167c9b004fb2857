/**
 * Sectors in the provider's SQLite file: the truth about what is sealed, committed and proven. Each method is one durable
 * transaction; a sector moves only along the transitions of sector.ts, and a number is written down before it is used.
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { isProfileName, type ProfileName } from '@granary/proofs/profile'
import { inTransaction } from '../storage/in-transaction.ts'
import type { PlaceableDeal } from './port.ts'
import {
  holdsDeals,
  isSectorState,
  mayMove,
  type Sector,
  SectorMissingError,
  type SectorPhase,
  type SectorPiece,
  type SectorState,
  SectorStateError,
  sectorStates,
} from './sector.ts'

export interface SectorStore {
  /** A sector with a number that no sector had, or will have. */
  open(deals: readonly PlaceableDeal[], nowMs: number, profile?: ProfileName): Sector
  /** A sector that another store has opened, as it is now. */
  adopt(sector: Pick<Sector, 'number' | 'profile' | 'openedAtMs' | 'pieces' | 'phase'>): void
  add(number: number, deals: readonly PlaceableDeal[]): Sector
  /** Fixes the order of the pieces: filling → sealing. */
  close(number: number, layout: readonly { dealId: number; offset: number }[]): Sector
  move(number: number, from: SectorState, to: SectorPhase): Sector
  /** Remembers a failure of the present state; a move forgets it. */
  failed(number: number, retryAtMs: number, reason?: string): Sector
  /** Something that is to be known of it, and changes nothing. */
  note(number: number, reason: string): void
  /** Its failures are forgotten: it is tried again at once. */
  retry(number: number): Sector
  /** What has happened to a sector, the oldest first. */
  events(number: number): SectorEvent[]
  /** What a part of sealing took, from its beginning to its end without a break. */
  measure(number: number, took: SealMeasure | ProveMeasure): void
  /** Of the last sectors, of one profile where it is named, of which all is measured. */
  sealingTimes(countMax: number, profile?: ProfileName): SealingTime[]
  get(number: number): Sector
  inStates(...states: SectorState[]): Sector[]
  countIn(state: SectorState): number
  numbersIn(state: SectorState): number[]
  /** The first one in that state whose number is no lower, else the first of all. */
  nextIn(state: SectorState, number: number): number | undefined
  /** Those that are proven, whose time is over by then. */
  endingBy(epoch: number): number[]
  /** Those that are proven, whose files are not all as they are kept. */
  unfinalized(): Sector[]
  /** Those that the chain is done with, and whose files are here. */
  uncleaned(): Sector[]
  /** With which sectors are proven. */
  partitions(): number[]
  /** How many these are. */
  countPartitions(): number
  /** Of all its sectors, where their rows name them. */
  profiles(): ProfileName[]
  /** Those that are proven with that partition. */
  inPartition(partition: number): number[]
  /** Whether the deal lies in a sector which has not failed. */
  isPlaced(dealId: number): boolean
  /** In how many failed sectors the deal was, without those that their owner has given up. */
  failedPlacements(dealId: number): number
  /** The chain was rolled back to before it had this deal in a sector: its bytes stay where they are, without a deal. */
  release(agreementId: string): void
  has(number: number): boolean
  /** The one that the next sector gets. */
  nextNumber(): number
  /** Numbers below this one are never given out again: another store of this provider may have used them. */
  skipNumbersBelow(number: number): void
}

export interface SectorEvent {
  readonly atMs: number
  /** Of the chain, as far as it was known. */
  readonly epoch: number | null
  /** What it came to, or what it failed in. */
  readonly state: SectorState
  /** Why it failed, or what was found of it. */
  readonly reason: string | null
}

export interface SealMeasure {
  readonly sealMs: number
}

export interface ProveMeasure {
  readonly proveMs: number
  /** From the pre-commitment to its seed. */
  readonly seedEpochs: number
}

/** Without what a sector waited for: an outage, money, a start, its turn. */
export interface SealingTime {
  readonly machineMs: number
  readonly seedEpochs: number
}

const FIRST_NUMBER = 1

/** @param epoch of the chain now, for the log of events */
export function createSectorStore(db: DatabaseSync, epoch: () => number | undefined = () => undefined): SectorStore {
  db.exec(`
    CREATE TABLE IF NOT EXISTS sector_numbers (id INTEGER PRIMARY KEY CHECK (id = 1), next INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS sectors (
      number INTEGER PRIMARY KEY,
      state TEXT NOT NULL CHECK (state IN (${sectorStates.map((state) => `'${state}'`).join(', ')})),
      phase TEXT NOT NULL,
      profile TEXT,
      opened_at_ms INTEGER NOT NULL,
      failures INTEGER NOT NULL DEFAULT 0,
      retry_at_ms INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS sectors_by_state ON sectors (state);
    CREATE INDEX IF NOT EXISTS proven_by_expiry ON sectors (json_extract(phase, '$.expiry')) WHERE state = 'proving';
    CREATE INDEX IF NOT EXISTS proven_by_partition ON sectors (json_extract(phase, '$.partition'))
      WHERE state = 'proving';
    CREATE INDEX IF NOT EXISTS unfinished_sectors ON sectors (number)
      WHERE state = 'proving' AND json_extract(phase, '$.finalized') = 0;
    CREATE INDEX IF NOT EXISTS uncleaned_sectors ON sectors (number)
      WHERE state IN ('expired', 'terminated') AND json_extract(phase, '$.cleaned') = 0;
    CREATE TABLE IF NOT EXISTS sector_pieces (
      sector INTEGER NOT NULL REFERENCES sectors (number),
      deal_id INTEGER NOT NULL,
      piece_offset INTEGER,
      piece TEXT NOT NULL,
      PRIMARY KEY (sector, deal_id)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS sector_pieces_by_deal ON sector_pieces (deal_id);
    CREATE TABLE IF NOT EXISTS sector_events (
      id INTEGER PRIMARY KEY,
      sector INTEGER NOT NULL REFERENCES sectors (number),
      at_ms INTEGER NOT NULL,
      epoch INTEGER,
      state TEXT NOT NULL,
      reason TEXT
    ) STRICT;
    CREATE INDEX IF NOT EXISTS sector_events_by_sector ON sector_events (sector);
    CREATE TABLE IF NOT EXISTS sealing_times (
      sector INTEGER PRIMARY KEY REFERENCES sectors (number),
      seal_ms INTEGER,
      prove_ms INTEGER,
      seed_epochs INTEGER
    ) STRICT;
    INSERT OR IGNORE INTO sector_numbers (id, next) VALUES (1, ${FIRST_NUMBER});
  `)
  // A store from before there were several.
  if (
    !db
      .prepare('PRAGMA table_info(sectors)')
      .all()
      .some(({ name }) => name === 'profile')
  )
    db.exec('ALTER TABLE sectors ADD COLUMN profile TEXT')
  keepCounts(db)
  const takeNumber = db.prepare('UPDATE sector_numbers SET next = next + 1 RETURNING next - 1 AS number')
  const selectNext = db.prepare('SELECT next FROM sector_numbers')
  const skip = db.prepare('UPDATE sector_numbers SET next = max(next, ?)')
  const insert = db.prepare('INSERT INTO sectors (number, state, phase, profile, opened_at_ms) VALUES (?, ?, ?, ?, ?)')
  const insertPiece = db.prepare('INSERT INTO sector_pieces (sector, deal_id, piece) VALUES (?, ?, ?)')
  const setOffset = db.prepare('UPDATE sector_pieces SET piece_offset = ? WHERE sector = ? AND deal_id = ?')
  const update = db.prepare(
    'UPDATE sectors SET state = ?, phase = ?, failures = 0, retry_at_ms = 0 WHERE number = ? AND state = ?',
  )
  const insertEvent = db.prepare(
    'INSERT INTO sector_events (sector, at_ms, epoch, state, reason) VALUES (?, ?, ?, ?, ?)',
  )
  const selectEvents = db.prepare('SELECT * FROM sector_events WHERE sector = ? ORDER BY id')
  const measureSeal = db.prepare(`
    INSERT INTO sealing_times (sector, seal_ms) VALUES (?, ?) ON CONFLICT (sector) DO UPDATE SET seal_ms = excluded.seal_ms`)
  const measureProve = db.prepare('UPDATE sealing_times SET prove_ms = ?, seed_epochs = ? WHERE sector = ?')
  const selectTimes = db.prepare(`
    SELECT seal_ms + prove_ms AS ms, seed_epochs FROM sealing_times JOIN sectors ON number = sector
    WHERE prove_ms IS NOT NULL AND (:profile IS NULL OR coalesce(profile, :profile) = :profile)
    ORDER BY sector DESC LIMIT :countMax`)
  const clearFailures = db.prepare('UPDATE sectors SET failures = 0, retry_at_ms = 0 WHERE number = ?')
  const countFailure = db.prepare('UPDATE sectors SET failures = failures + 1, retry_at_ms = ? WHERE number = ?')
  const selectOne = db.prepare('SELECT * FROM sectors WHERE number = ?')
  const selectState = db.prepare('SELECT * FROM sectors WHERE state = ? ORDER BY number')
  const count = db.prepare('SELECT coalesce(sum(count), 0) AS count FROM sector_counts WHERE state = ?')
  const numbers = db.prepare('SELECT number FROM sectors WHERE state = ? ORDER BY number')
  const next = db.prepare('SELECT number FROM sectors WHERE state = ? AND number >= ? ORDER BY number LIMIT 1')
  const ending = db.prepare(
    `SELECT number FROM sectors WHERE state = 'proving' AND json_extract(phase, '$.expiry') <= ?`,
  )
  const together = db.prepare(
    `SELECT number FROM sectors WHERE state = 'proving' AND json_extract(phase, '$.partition') = ? ORDER BY number`,
  )
  const partitions = db.prepare(
    `SELECT partition FROM sector_counts WHERE state = 'proving' AND partition >= 0 AND count > 0 ORDER BY partition`,
  )
  const partitionCount = db.prepare(
    `SELECT COUNT(*) AS count FROM sector_counts WHERE state = 'proving' AND partition >= 0 AND count > 0`,
  )
  const selectUnfinished = db.prepare(
    `SELECT * FROM sectors WHERE state = 'proving' AND json_extract(phase, '$.finalized') = 0 ORDER BY number`,
  )
  const distinct = db.prepare('SELECT DISTINCT profile FROM sectors')
  const selectUncleaned = db.prepare(
    `SELECT * FROM sectors
     WHERE state IN ('expired', 'terminated') AND json_extract(phase, '$.cleaned') = 0 ORDER BY number`,
  )
  const selectPieces = db.prepare('SELECT * FROM sector_pieces WHERE sector = ? ORDER BY piece_offset, deal_id')
  const holding = sectorStates.filter(holdsDeals).map((state) => `'${state}'`)
  const placed = db.prepare(
    `SELECT 1 FROM sector_pieces JOIN sectors ON number = sector WHERE deal_id = ? AND state IN (${holding.join(', ')})`,
  )
  const failures = db.prepare(
    `SELECT count(*) AS count FROM sector_pieces JOIN sectors ON number = sector
     WHERE deal_id = ? AND state = 'failed' AND json_extract(phase, '$.code') <> 'SECTOR_ABANDONED'`,
  )

  const releasePiece = db.prepare(`
    UPDATE sector_pieces SET deal_id = -deal_id, piece = json_set(piece, '$.dealId', -deal_id)
    WHERE deal_id > 0 AND json_extract(piece, '$.agreementId') = ?`)

  function get(number: number): Sector {
    const row = selectOne.get(number)
    if (row === undefined) throw new SectorMissingError(number)
    return toSector(row)
  }

  function toSector(row: Record<string, SQLOutputValue>): Sector {
    const number = Number(row.number)
    return {
      number,
      profile: profileIn(row.profile),
      openedAtMs: Number(row.opened_at_ms),
      pieces: selectPieces.all(number).map(toPiece),
      failures: Number(row.failures),
      retryAtMs: Number(row.retry_at_ms),
      phase: toPhase(row),
    }
  }

  function insertPieces(number: number, deals: readonly PlaceableDeal[]): void {
    for (const deal of deals) insertPiece.run(number, deal.dealId, JSON.stringify(deal))
  }

  function move(number: number, from: SectorState, to: SectorPhase): void {
    if (!mayMove(from, to.state)) throw new SectorStateError(number, from, to.state)
    const { changes } = update.run(to.state, JSON.stringify(to), number, from)
    if (changes !== 1) throw new SectorStateError(number, get(number).phase.state, to.state)
    if (from !== to.state) note(number, to.state, to.state === 'failed' ? `${to.code}: ${to.message}` : undefined)
  }

  function note(number: number, state: SectorState, reason?: string): void {
    insertEvent.run(number, Date.now(), epoch() ?? null, state, reason ?? null)
  }

  return {
    open: (deals, nowMs, profile) => {
      // Two transactions: the number is spent even if the second one never happens.
      const number = Number(takeNumber.get()!.number)
      const phase: SectorPhase = { state: 'filling' }
      return inTransaction(db, () => {
        insert.run(number, phase.state, JSON.stringify(phase), profile ?? null, nowMs)
        insertPieces(number, deals)
        note(number, phase.state)
        return get(number)
      })
    },
    adopt: ({ number, profile, openedAtMs, pieces, phase }) => {
      inTransaction(db, () => {
        insert.run(number, phase.state, JSON.stringify(phase), profile ?? null, openedAtMs)
        insertPieces(number, pieces)
        for (const { dealId, offset } of pieces) setOffset.run(offset, number, dealId)
        skip.run(number + 1)
      })
    },
    add: (number, deals) =>
      inTransaction(db, () => {
        const { state } = get(number).phase
        if (state !== 'filling') throw new SectorStateError(number, state, 'filling')
        insertPieces(number, deals)
        return get(number)
      }),
    close: (number, layout) =>
      inTransaction(db, () => {
        for (const { dealId, offset } of layout) setOffset.run(offset, number, dealId)
        move(number, 'filling', { state: 'sealing', ticket: null })
        return get(number)
      }),
    move: (number, from, to) =>
      inTransaction(db, () => {
        move(number, from, to)
        return get(number)
      }),
    failed: (number, retryAtMs, reason) =>
      inTransaction(db, () => {
        countFailure.run(retryAtMs, number)
        const sector = get(number)
        note(number, sector.phase.state, reason ?? 'failed')
        return sector
      }),
    note: (number, reason) => note(number, get(number).phase.state, reason),
    retry: (number) => {
      clearFailures.run(number)
      return get(number)
    },
    events: (number) =>
      selectEvents.all(number).map((row) => ({
        atMs: Number(row.at_ms),
        epoch: row.epoch === null ? null : Number(row.epoch),
        state: row.state as SectorState,
        reason: row.reason === null ? null : String(row.reason),
      })),
    measure: (number, took) => {
      if ('sealMs' in took) measureSeal.run(number, took.sealMs)
      else measureProve.run(took.proveMs, took.seedEpochs, number)
    },
    sealingTimes: (countMax, profile) =>
      selectTimes
        .all({ profile: profile ?? null, countMax })
        .map((row) => ({ machineMs: Number(row.ms), seedEpochs: Number(row.seed_epochs) })),
    get,
    countIn: (state) => Number(count.get(state)!.count),
    numbersIn: (state) => numbers.all(state).map((row) => Number(row.number)),
    nextIn: (state, number) => {
      const row = next.get(state, number) ?? next.get(state, 0)
      return row === undefined ? undefined : Number(row.number)
    },
    endingBy: (epoch) => ending.all(epoch).map((row) => Number(row.number)),
    profiles: () => distinct.all().flatMap(({ profile }) => profileIn(profile) ?? []),
    partitions: () => partitions.all().map((row) => Number(row.partition)),
    countPartitions: () => Number(partitionCount.get()!.count),
    unfinalized: () => selectUnfinished.all().map(toSector),
    uncleaned: () => selectUncleaned.all().map(toSector),
    inPartition: (partition) => together.all(partition).map((row) => Number(row.number)),
    inStates: (...states) => states.flatMap((state) => selectState.all(state).map(toSector)),
    isPlaced: (dealId) => placed.get(dealId) !== undefined,
    failedPlacements: (dealId) => Number(failures.get(dealId)!.count),
    has: (number) => selectOne.get(number) !== undefined,
    nextNumber: () => Number(selectNext.get()!.next),
    release: (agreementId) => {
      releasePiece.run(agreementId)
    },
    skipNumbersBelow: (number) => {
      skip.run(number)
    },
  }
}

/**
 * How many sectors are in a state, and with which partition they are proven, kept as they change: to count them would take
 * longer the more there are, and it is asked for every few seconds.
 */
function keepCounts(db: DatabaseSync): void {
  if (db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'sector_counts'`).get() !== undefined) return
  const placeOf = (row: string): string =>
    `${row}state, CASE ${row}state WHEN 'proving' THEN coalesce(json_extract(${row}phase, '$.partition'), -1) ELSE -1 END`
  const add = `INSERT INTO sector_counts VALUES (${placeOf('new.')}, 1)
    ON CONFLICT (state, partition) DO UPDATE SET count = count + 1;`
  const take = `UPDATE sector_counts SET count = count - 1 WHERE (state, partition) = (${placeOf('old.')});`
  inTransaction(db, () => {
    db.exec(`
      CREATE TABLE sector_counts (
        state TEXT NOT NULL,
        -- Of those that are proven; −1 for all others.
        partition INTEGER NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (state, partition)
      ) STRICT, WITHOUT ROWID;
      CREATE TRIGGER count_sector AFTER INSERT ON sectors BEGIN ${add} END;
      CREATE TRIGGER count_moved_sector AFTER UPDATE OF state, phase ON sectors BEGIN ${take} ${add} END;
      INSERT INTO sector_counts SELECT ${placeOf('')}, count(*) FROM sectors GROUP BY 1, 2;
    `)
  })
}

function toPiece(row: Record<string, SQLOutputValue>): SectorPiece {
  const deal = JSON.parse(String(row.piece)) as PlaceableDeal
  return { ...deal, offset: row.piece_offset === null ? null : Number(row.piece_offset) }
}

function toPhase(row: Record<string, SQLOutputValue>): SectorPhase {
  const phase = JSON.parse(String(row.phase)) as SectorPhase
  // Written together: if they differ, somebody else wrote here.
  if (!isSectorState(phase.state) || phase.state !== row.state) {
    throw new SectorStateError(Number(row.number), String(row.state), String(phase.state))
  }
  return phase
}

function profileIn(value: SQLOutputValue | undefined): ProfileName | undefined {
  const name = String(value)
  return isProfileName(name) ? name : undefined
}
