/**
 * All that waits, by account and lane, with the sums that the bounds of the pool are about. Within a lane the order is that
 * of the sequences, within an account that of arrival; one that replaces another takes its place in both.
 */
import type { Address, Hash, TransactionClass } from '@granary/protocol/messages'
import { lesser } from '../../state/money/lesser.ts'
import { type Dropped, FELL_WITH_ANOTHER, type PendingTx, type PoolReason, type Room } from '../admission/pending-tx.ts'
import { createLaneRanks } from './lane-ranks.ts'

export interface Queues {
  readonly size: number
  get(id: Hash): PendingTx | undefined
  lane(sender: Address, lane: number): readonly PendingTx[]
  /** The numbers of the lanes of an account in which something waits. */
  lanesOf(sender: Address): number[]
  account(sender: Address): readonly PendingTx[]
  /** In the order of arrival. */
  all(): PendingTx[]
  /** Those of general messages, the one that can pay the lowest level first. */
  lanesFromLowest(): Generator<readonly PendingTx[]>
  /** The one that waits and is about the same thing, where there may be only one. */
  sameSubject(tx: PendingTx): PendingTx | undefined
  used(of: TransactionClass): Room
  usedBy(sender: Address): { readonly general: number; readonly generalBytes: number }
  /** What those that wait claim of an account, or of one of its session keys. */
  claimed(sender: Address, sessionKey?: string): bigint
  /** At the end of its lane, or in the place of the one that has its sequence. @returns that one */
  add(tx: PendingTx): PendingTx | undefined
  remove(id: Hash): void
  /** With those that build on its sequence. @returns what left, the first of them for that reason */
  drop(tx: PendingTx, reason: PoolReason): Dropped[]
}

interface Account {
  /** By lane and sequence: a key that is set again keeps its place. */
  readonly txs: Map<string, PendingTx>
  general: number
  generalBytes: number
}

interface Arrived {
  readonly tx: PendingTx
  readonly arrival: number
}

export function createQueues(): Queues {
  const byId = new Map<Hash, Arrived>()
  /** A number that is set again keeps its place. */
  const byArrival = new Map<number, PendingTx>()
  const ranks = createLaneRanks()
  const accounts = new Map<Address, Account>()
  const lanes = new Map<string, Map<number, PendingTx>>()
  const subjects = new Map<string, PendingTx>()
  const claims = new Map<string, bigint>()
  const used = { general: { bytes: 0, units: 0 }, proving: { bytes: 0, units: 0 } }
  let arrivals = 0

  function count(tx: PendingTx, account: Account, sign: 1 | -1): void {
    used[tx.class].bytes += sign * tx.bytes.length
    used[tx.class].units += sign * tx.units
    if (tx.class === 'general') {
      account.general += sign
      account.generalBytes += sign * tx.bytes.length
    }
    const { sessionKey } = tx.claim
    addClaim(tx.sender, BigInt(sign) * claimOn(tx))
    if (sessionKey !== undefined) addClaim(`${tx.sender}/${sessionKey}`, BigInt(sign) * claimOn(tx, sessionKey))
    const subject = subjectKey(tx)
    if (subject !== undefined && sign === 1) subjects.set(subject, tx)
    if (subject !== undefined && sign === -1) subjects.delete(subject)
  }

  function addClaim(key: string, amount: bigint): void {
    const sum = (claims.get(key) ?? 0n) + amount
    if (sum === 0n) claims.delete(key)
    else claims.set(key, sum)
  }

  function rank(tx: PendingTx): void {
    if (tx.class !== 'general') return
    const lane = [...(lanes.get(laneKey(tx))?.values() ?? [])]
    ranks.set(laneKey(tx), lane.length === 0 ? undefined : leastLevel(lane))
  }

  function remove(id: Hash): void {
    const arrived = byId.get(id)
    if (arrived === undefined) return
    const { tx, arrival } = arrived
    const account = accounts.get(tx.sender)!
    const lane = lanes.get(laneKey(tx))!
    byId.delete(id)
    byArrival.delete(arrival)
    account.txs.delete(placeKey(tx))
    lane.delete(tx.sequence)
    count(tx, account, -1)
    if (account.txs.size === 0) accounts.delete(tx.sender)
    if (lane.size === 0) lanes.delete(laneKey(tx))
    rank(tx)
  }

  return {
    get size() {
      return byId.size
    },
    get: (id) => byId.get(id)?.tx,
    lane: (sender, lane) => [...(lanes.get(laneKey({ sender, lane }))?.values() ?? [])],
    lanesOf: (sender) => [...new Set([...(accounts.get(sender)?.txs.values() ?? [])].map(({ lane }) => lane))],
    account: (sender) => [...(accounts.get(sender)?.txs.values() ?? [])],
    all: () => [...byArrival.values()],
    *lanesFromLowest() {
      for (const lane of ranks.fromLowest()) yield [...lanes.get(lane)!.values()]
    },
    sameSubject: (tx) => {
      const subject = subjectKey(tx)
      return subject === undefined ? undefined : subjects.get(subject)
    },
    used: (of) => used[of],
    usedBy: (sender) => accounts.get(sender) ?? { general: 0, generalBytes: 0 },
    claimed: (sender, sessionKey) => claims.get(sessionKey === undefined ? sender : `${sender}/${sessionKey}`) ?? 0n,
    add(tx) {
      const account = accounts.get(tx.sender) ?? { txs: new Map(), general: 0, generalBytes: 0 }
      const lane = lanes.get(laneKey(tx)) ?? new Map<number, PendingTx>()
      const replaced = lane.get(tx.sequence)
      const arrival = replaced === undefined ? arrivals++ : byId.get(replaced.id)!.arrival
      if (replaced !== undefined) {
        byId.delete(replaced.id)
        count(replaced, account, -1)
      }
      byId.set(tx.id, { tx, arrival })
      byArrival.set(arrival, tx)
      account.txs.set(placeKey(tx), tx)
      lane.set(tx.sequence, tx)
      accounts.set(tx.sender, account)
      lanes.set(laneKey(tx), lane)
      count(tx, account, 1)
      rank(tx)
      return replaced
    },
    remove,
    drop(tx, reason) {
      if (byId.get(tx.id)?.tx !== tx) return []
      const lane = [...lanes.get(laneKey(tx))!.values()]
      const leaving = lane.filter(({ sequence }) => sequence >= tx.sequence)
      for (const { id } of leaving) remove(id)
      return leaving.map((each) => ({ tx: each, reason: each === tx ? reason : FELL_WITH_ANOTHER }))
    },
  }
}

/** What it claims of its account's balance, or of what its session key may spend. */
export function claimOn({ claim: { amount, burns } }: PendingTx, sessionKey?: string): bigint {
  return sessionKey === undefined ? amount : amount + burns
}

/** What a lane can pay is the least in it: behind one that cannot pay nothing is taken. */
export function leastLevel(lane: readonly PendingTx[]): bigint {
  return lane.map(({ claim }) => claim.level).reduce(lesser)
}

export function laneKey({ sender, lane }: Pick<PendingTx, 'sender' | 'lane'>): string {
  return `${sender}/${lane}`
}

function placeKey({ lane, sequence }: PendingTx): string {
  return `${lane}/${sequence}`
}

/** A proof of replication is counted by its sender: nobody else may keep a provider's own out. */
function subjectKey({ sender, claim: { subject } }: PendingTx): string | undefined {
  switch (subject?.type) {
    case undefined:
      return undefined
    case 'answer':
      return `answer/${subject.provider}/${subject.partition}/${subject.epoch}`
    case 'seal':
      return `seal/${sender}/${subject.provider}/${subject.sector}`
    case 'declaration':
    case 'request':
      return `${subject.type}/${subject.provider}/${subject.partition}`
  }
}
