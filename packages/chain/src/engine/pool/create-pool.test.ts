import type { ErrorCode } from '@granary/base'
import type { Address, Hash } from '@granary/protocol/messages'
import { describe, expect, test } from '@jest/globals'
import type { CandidateOutcome, Claim, KeyStanding, Senders, Touched } from '../../state/index.ts'
import type { Dropped, PendingTx } from '../admission/pending-tx.ts'
import { createPool, type Pool, type PoolLimits } from './create-pool.ts'

const alice: Address = `0x${'aa'.repeat(20)}`
const bob: Address = `0x${'bb'.repeat(20)}`
const carol: Address = `0x${'cc'.repeat(20)}`
const LEVEL = 1_000_000n
const NOTHING: Touched = { accounts: [], lanes: [], keys: [], partitions: [] }
const ROOM = { blockBytes: 1_000, blockVerifyUnits: 1_000 }

interface Stage extends PoolLimits {
  pool: Pool
  readonly balances: Map<Address, bigint>
  readonly keys: Map<string, KeyStanding>
  refusal: ErrorCode | undefined
}

function stage(given: Partial<PoolLimits> = {}): Stage {
  const limits = { ...ROOM, feeLevel: LEVEL, height: 10, ...given }
  const balances = new Map<Address, bigint>([alice, bob, carol].map((account) => [account, 1_000n]))
  const keys = new Map<string, KeyStanding>()
  const senders: Senders = {
    balance: (account) => balances.get(account) ?? 1_000n,
    nextSequence: () => 0,
    key: (account, publicKey) => keys.get(`${account}/${publicKey}`),
    openChallenges: () => [],
  }
  const self = { ...limits, balances, keys, refusal: undefined } as unknown as Stage
  self.pool = createPool({
    senders,
    limits: () => self,
    refusal: () => (self.refusal === undefined ? undefined : { code: self.refusal, message: '', hint: '' }),
  })
  return self
}

let counter = 0
interface Given extends Partial<Omit<PendingTx, 'claim'>> {
  readonly size?: number
  readonly claim?: Partial<Claim>
}

function tx({ size = 100, claim = {}, ...over }: Given = {}): PendingTx {
  counter += 1
  const id: Hash = `0x${counter.toString(16).padStart(64, '0')}`
  return {
    id,
    bytes: new Uint8Array(size),
    kind: over.class === 'proving' ? 'DeclareFaults' : 'Transfer',
    sender: alice,
    lane: 0,
    sequence: 0,
    class: 'general',
    units: 10,
    checkMs: 0,
    claim: {
      amount: 1n,
      burns: 0n,
      sessionKey: undefined,
      validUntil: 99,
      level: LEVEL,
      subject: undefined,
      changedKeys: [],
      ...claim,
    },
    ...over,
  }
}

function answer(partition: number, deadline: number, over: Given = {}): PendingTx {
  const subject = { type: 'answer', provider: 1_000, partition, epoch: 5, deadline } as const
  return tx({
    kind: 'SubmitPost',
    class: 'proving',
    lane: 1_024 + partition,
    ...over,
    claim: { subject, ...over.claim },
  })
}

/** What a block would be, if all that is offered is right. */
function offered(pool: Pool, outcomeOf: (tx: PendingTx) => CandidateOutcome = () => ({ type: 'taken' })): PendingTx[] {
  const dropped: Dropped[] = []
  const turn = pool.turn((each) => dropped.push(...each))
  const taken: PendingTx[] = []
  for (const bytes of turn.candidates) {
    const last = turn.offered.at(-1)!
    expect(last.bytes).toBe(bytes)
    const outcome = outcomeOf(last)
    if (outcome.type === 'taken') taken.push(last)
    turn.onOutcome(outcome)
  }
  return taken
}

const reasons = (dropped: readonly Dropped[]): [PendingTx, string][] =>
  dropped.map(({ tx, reason }) => [tx, reason.code])
const throwing = (code: string): unknown => expect.objectContaining({ code })

describe('the order of a block', () => {
  test('within a lane is that of the sequences, and a lane stops at the first that does not fit', () => {
    const { pool } = stage()
    const lane = [tx({ sequence: 0 }), tx({ sequence: 1, size: 450 }), tx({ sequence: 2 })]
    const other = tx({ sender: bob })
    for (const each of [...lane, other]) pool.add(each)
    expect(offered(pool)).toEqual([lane[0], other])
    expect(pool.pendingInLane(alice, 0)).toBe(3)
    expect(pool.pendingInLane(alice, 0, 2)).toBe(2)
  })

  test('of answers is that of their deadlines, and of partitions where these are equal', () => {
    const { pool } = stage()
    const late = answer(7, 20)
    const [b, a] = [answer(3, 12), answer(2, 12)]
    for (const each of [late, b, a]) pool.add(each)
    expect(offered(pool)).toEqual([a, b, late])
  })

  test('gives what stands before an answer in its lane the deadline of that answer', () => {
    const { pool } = stage()
    const later = answer(1, 15)
    const head = tx({ class: 'proving', lane: 40 })
    const urgent = answer(2, 12, { lane: 40, sequence: 1 })
    const other = tx({ class: 'proving', lane: 41 })
    for (const each of [other, later, head, urgent]) pool.add(each)
    expect(offered(pool)).toEqual([head, urgent, later, other])
  })

  test('takes one of each account before the second of any', () => {
    const { pool } = stage()
    const wave = Array.from({ length: 8 }, (_, lane) => tx({ lane }))
    for (const each of wave) pool.add(each)
    const honest = [tx({ sender: bob }), tx({ sender: bob, sequence: 1 }), tx({ sender: carol })]
    for (const each of honest) pool.add(each)
    expect(offered(pool)).toEqual([wave[0], honest[0], honest[2], wave[1], honest[1]])
  })

  test('answers may take all of a block, what else is of their class leaves general messages their half', () => {
    const { pool } = stage()
    for (let lane = 0; lane < 9; lane++) pool.add(tx({ lane }))
    for (let lane = 40; lane < 49; lane++) pool.add(tx({ lane, class: 'proving' }))
    const kinds = (): Record<string, number> => {
      const taken = offered(pool).map(({ kind }) => kind)
      return Object.fromEntries([...Map.groupBy(taken, (kind) => kind)].map(([kind, of]) => [kind, of.length]))
    }
    expect(kinds()).toEqual({ DeclareFaults: 5, Transfer: 5 })
    for (let partition = 0; partition < 3; partition++) pool.add(answer(partition, 12))
    expect(kinds()).toEqual({ SubmitPost: 3, DeclareFaults: 2, Transfer: 5 })
    for (let partition = 3; partition < 12; partition++) pool.add(answer(partition, 12))
    expect(kinds()).toEqual({ SubmitPost: 10 })
  })

  test('goes on until nothing fits, in bytes and in units', () => {
    const { pool } = stage()
    const [large, small] = [tx({ units: 450 }), tx({ sender: carol, units: 40 })]
    for (const each of [large, tx({ sender: bob, units: 400 }), small]) pool.add(each)
    expect(offered(pool)).toEqual([large, small])
  })

  test('leaves out what does not pay the level of the block, which waits on for cheaper ones', () => {
    const self = stage({ feeLevel: 2n * LEVEL })
    const { pool } = self
    const [cheap, dear] = [tx(), tx({ sender: bob, claim: { level: 2n * LEVEL } })]
    for (const each of [cheap, dear]) pool.add(each)
    expect(offered(pool)).toEqual([dear])
    expect(pool.settle({ included: [dear.id], touched: NOTHING })).toEqual([])
    expect(pool.get(cheap.id)).toBe(cheap)
  })
})

test('what is found to be in no block leaves at once, with what builds on it; what costs too much just now stays', () => {
  const { pool } = stage()
  const lane = [tx({ sequence: 4 }), tx({ sequence: 5 }), tx({ sequence: 6 })]
  const dear = tx({ sender: bob })
  for (const each of [...lane, dear]) pool.add(each)
  const dropped: Dropped[] = []
  const turn = pool.turn((each) => dropped.push(...each))
  const refused = (code: 'SEQUENCE_TOO_LOW' | 'FEE_TOO_LOW'): CandidateOutcome => ({
    type: 'refused',
    reason: { code, message: '', hint: '', retryable: false },
  })
  for (const _ of turn.candidates) {
    const last = turn.offered.at(-1)
    turn.onOutcome(
      last === lane[1] ? refused('SEQUENCE_TOO_LOW') : last === dear ? refused('FEE_TOO_LOW') : { type: 'taken' },
    )
  }
  expect(reasons(dropped)).toEqual([
    [lane[1], 'SEQUENCE_TOO_LOW'],
    [lane[2], 'SEQUENCE_GAP'],
  ])
  expect(pool.size).toBe(2)
})

describe('cover', () => {
  test('all that an account has waiting stays within its balance', () => {
    const { pool } = stage()
    pool.add(tx({ claim: { amount: 600n } }))
    expect(() => pool.add(tx({ lane: 1, claim: { amount: 401n } }))).toThrow(throwing('INSUFFICIENT_FUNDS') as Error)
    pool.add(tx({ lane: 1, claim: { amount: 400n } }))
    pool.add(tx({ sender: bob, claim: { amount: 1_000n } }))
  })

  test('all that a session key has waiting stays within what its limit leaves', () => {
    const { pool, keys } = stage()
    keys.set(`${alice}/k`, { left: 100n, expires: 99, scopes: ['Transfer'] })
    pool.add(tx({ claim: { amount: 60n, sessionKey: 'k' } }))
    const more = tx({ lane: 1, claim: { amount: 50n, sessionKey: 'k' } })
    expect(() => pool.add(more)).toThrow(throwing('SPENDING_LIMIT_REACHED') as Error)
    pool.add(tx({ lane: 1, claim: { amount: 50n } }))
  })

  test('what a proof burns is claimed of its session key, and not of the balance', () => {
    const { pool, keys } = stage()
    keys.set(`${alice}/k`, { left: 1_500n, expires: 99, scopes: ['SubmitPost'] })
    const burning = (partition: number, burns: bigint): PendingTx =>
      answer(partition, 12, { claim: { amount: 100n, burns, sessionKey: 'k' } })
    pool.add(burning(0, 1_100n))
    expect(() => pool.add(burning(1, 201n))).toThrow(throwing('SPENDING_LIMIT_REACHED') as Error)
    pool.add(burning(2, 200n))
  })

  test('for a proof the newest general messages of the account leave, and nobody else', () => {
    const { pool } = stage()
    const [old, newer, behind, newest] = [
      tx({ claim: { amount: 300n } }),
      tx({ lane: 1, claim: { amount: 300n } }),
      tx({ lane: 1, sequence: 1, claim: { amount: 100n } }),
      tx({ lane: 2, claim: { amount: 300n } }),
    ]
    const other = tx({ sender: bob, claim: { amount: 900n } })
    for (const each of [old, newer, behind, newest, other]) pool.add(each)
    const dropped = pool.add(answer(0, 12, { claim: { amount: 350n } }))
    expect(reasons(dropped).map(([each]) => each)).toEqual([newest, behind])
    const more = pool.add(answer(1, 12, { claim: { amount: 350n } }))
    expect(reasons(more).map(([each]) => each)).toEqual([newer])
    expect(() => pool.add(answer(2, 12, { claim: { amount: 400n } }))).toThrow(throwing('INSUFFICIENT_FUNDS') as Error)
    expect([old, other].map(({ id }) => pool.get(id))).toEqual([old, other])
  })
})

describe('a message that changes a session key', () => {
  const revoke = (over: Given = {}): PendingTx =>
    tx({ kind: 'RevokeKey', lane: 9, claim: { changedKeys: ['k'] }, ...over })

  test('lets the general messages of that key go, and keeps others of it out until it is in a block', () => {
    const { pool, keys } = stage()
    keys.set(`${alice}/k`, { left: 1_000n, expires: 99, scopes: ['Transfer', 'SubmitPost'] })
    const own = tx()
    const byKey = tx({ lane: 1, claim: { sessionKey: 'k' } })
    for (const each of [own, byKey]) pool.add(each)
    const revoking = revoke()
    expect(reasons(pool.add(revoking))).toEqual([[byKey, 'KEY_CHANGING']])
    expect(() => pool.add(tx({ lane: 2, claim: { sessionKey: 'k' } }))).toThrow(throwing('KEY_CHANGING') as Error)
    expect(pool.settle({ included: [revoking.id], touched: NOTHING })).toEqual([])
    pool.add(tx({ lane: 2, claim: { sessionKey: 'k' } }))
  })

  test('keeps no proof out, before it or after it', () => {
    const { pool, keys } = stage()
    keys.set(`${alice}/k`, { left: 1_000n, expires: 99, scopes: ['SubmitPost'] })
    const [first, second] = [
      answer(0, 12, { claim: { sessionKey: 'k' } }),
      answer(1, 12, { claim: { sessionKey: 'k' } }),
    ]
    pool.add(first)
    expect(pool.add(revoke())).toEqual([])
    pool.add(second)
    expect(offered(pool).slice(0, 2)).toEqual([first, second])
  })
})

describe('bounds', () => {
  test('a lane holds messages of one class', () => {
    const { pool } = stage()
    pool.add(tx())
    expect(() => pool.add(answer(0, 12, { lane: 0, sequence: 1 }))).toThrow(throwing('LANE_CLASS_MIXED') as Error)
  })

  test('one answer a challenge, one declaration and one request a partition, one proof a sector and sender', () => {
    const { pool } = stage()
    pool.add(answer(0, 12))
    expect(() => pool.add(answer(0, 12, { lane: 2_000 }))).toThrow(throwing('ALREADY_PENDING') as Error)
    pool.add(answer(1, 12))
    for (const type of ['declaration', 'request'] as const) {
      const about = (lane: number): PendingTx =>
        tx({ class: 'proving', lane, claim: { subject: { type, provider: 1_000, partition: 0 } } })
      const lane = type === 'request' ? 50 : 60
      pool.add(about(lane))
      expect(() => pool.add(about(lane + 1))).toThrow(throwing('ALREADY_PENDING') as Error)
    }
    const seal = (sender: Address, lane: number): PendingTx =>
      tx({ sender, lane, claim: { subject: { type: 'seal', provider: 1_000, sector: 4 } } })
    pool.add(seal(bob, 0))
    pool.add(seal(alice, 3))
    expect(() => pool.add(seal(alice, 4))).toThrow(throwing('ALREADY_PENDING') as Error)
  })

  test('64 messages and a quarter of the bytes an account', () => {
    const { pool } = stage({ blockBytes: 100_000 })
    for (let count = 0; count < 64; count++) pool.add(tx({ lane: count % 32, sequence: Math.floor(count / 32) }))
    expect(() => pool.add(tx({ lane: 0, sequence: 2 }))).toThrow(throwing('MEMPOOL_FULL') as Error)
    pool.add(tx({ sender: bob, size: 60_000 }))
    expect(() => pool.add(tx({ sender: bob, lane: 1, size: 40_001 }))).toThrow(throwing('MEMPOOL_FULL') as Error)
    pool.add(tx({ sender: bob, lane: 1, size: 40_000 }))
  })

  const accountAt = (index: number): Address => `0x${index.toString(16).padStart(40, '0')}`
  const fill = (pool: Pool, levels: readonly bigint[]): PendingTx[] =>
    levels.map((level, index) => {
      const each = tx({ sender: accountAt(index), units: 400, claim: { level: level * LEVEL } })
      pool.add(each)
      return each
    })

  test('a full pool takes who can pay a higher level, and the last of the lowest lane leaves', () => {
    const { pool } = stage()
    const waiting = fill(pool, [5n, 3n, 9n, 7n, 5n, 5n, 5n, 5n, 5n])
    const behind = tx({ sender: accountAt(2), sequence: 1, units: 400, claim: { level: 2n * LEVEL } })
    pool.add(behind)
    const enter = (level: bigint): [PendingTx, string][] =>
      reasons(pool.add(tx({ sender: bob, lane: Number(level), units: 400, claim: { level: level * LEVEL } })))
    expect(() => enter(2n)).toThrow(throwing('MEMPOOL_FULL') as Error)
    expect(pool.size).toBe(10)
    expect(enter(4n)).toEqual([[behind, 'MEMPOOL_FULL']])
    expect(enter(6n)).toEqual([[waiting[1], 'MEMPOOL_FULL']])
    expect(() => enter(3n)).toThrow(throwing('MEMPOOL_FULL') as Error)
  })

  test('who pays less than an eighth above the lowest does not enter a full pool', () => {
    const { pool } = stage()
    const [lowest] = fill(pool, [8n, 10n, 10n, 10n, 10n, 10n, 10n, 10n, 10n, 10n])
    const newcomer = (level: bigint): PendingTx => tx({ sender: bob, units: 400, claim: { level } })
    expect(() => pool.add(newcomer(9n * LEVEL - 1n))).toThrow(throwing('MEMPOOL_FULL') as Error)
    expect(reasons(pool.add(newcomer(9n * LEVEL)))).toEqual([[lowest, 'MEMPOOL_FULL']])
  })

  test('newcomers before a full pool of thousands: each is seen to at the lowest lane', () => {
    const { pool } = stage({ blockBytes: 10_000_000, blockVerifyUnits: 10_000 })
    let reads = 0
    const counted = (sender: Address, level: bigint): PendingTx => {
      const each = tx({ sender })
      Object.defineProperty(each.claim, 'level', {
        get: () => {
          reads += 1
          return level
        },
      })
      return each
    }
    for (let index = 0; index < 4_000; index++) pool.add(counted(accountAt(index), LEVEL + BigInt((index * 7) % 4_000)))
    reads = 0
    for (let count = 0; count < 200; count++)
      expect(() => pool.add(counted(bob, LEVEL))).toThrow(throwing('MEMPOOL_FULL') as Error)
    expect(reads).toBeLessThan(2_000)
    reads = 0
    for (let count = 0; count < 60; count++)
      expect(
        pool.add({
          ...tx({ sender: bob, lane: count % 32, sequence: Math.floor(count / 32), claim: { level: 2n * LEVEL } }),
        }),
      ).toHaveLength(1)
    expect(reads).toBeLessThan(1_000)
  })

  test('nothing leaves for a newcomer that would not fit all the same', () => {
    const { pool } = stage()
    fill(pool, [1n, 9n, 9n, 9n, 9n, 9n, 9n, 9n, 9n, 9n])
    const large = tx({ sender: bob, units: 900, claim: { level: 5n * LEVEL } })
    expect(() => pool.add(large)).toThrow(throwing('MEMPOOL_FULL') as Error)
    expect(pool.size).toBe(10)
  })

  test('an answer expels what is no answer, and among answers the latest deadline leaves', () => {
    const { pool } = stage()
    const declared = Array.from({ length: 4 }, (_, lane) => tx({ class: 'proving', lane: 40 + lane, units: 1_000 }))
    for (const each of declared) pool.add(each)
    const answers = [30, 20, 25, 40].map((deadline, partition) => answer(partition, deadline, { units: 1_000 }))
    for (const each of answers) pool.add(each)
    expect(() => pool.add(tx({ class: 'proving', lane: 50, units: 1_000 }))).toThrow(throwing('MEMPOOL_FULL') as Error)
    const dropped = [1, 2, 3, 4].flatMap((more) => pool.add(answer(10 + more, 15, { units: 1_000 })))
    expect(dropped.map((each) => each.tx)).toEqual(declared.toReversed())
    expect(reasons(pool.add(answer(20, 15, { units: 1_000 })))).toEqual([[answers[3], 'MEMPOOL_FULL']])
    expect(() => pool.add(answer(21, 30, { units: 1_000 }))).toThrow(throwing('MEMPOOL_FULL') as Error)
  })

  test('one of the same lane and sequence takes the place of another for an eighth more', () => {
    const { pool } = stage()
    const [first, second] = [tx({ claim: { level: 8n * LEVEL } }), tx({ sequence: 1 })]
    for (const each of [first, second, tx({ sender: bob })]) pool.add(each)
    const cheap = tx({ claim: { level: 9n * LEVEL - 1n } })
    expect(() => pool.add(cheap)).toThrow(throwing('REPLACEMENT_TOO_LOW') as Error)
    const dear = tx({ claim: { level: 9n * LEVEL } })
    expect(reasons(pool.add(dear))).toEqual([[first, 'SEQUENCE_TAKEN']])
    expect(offered(pool)[0]).toBe(dear)
    expect(offered(pool)).toContain(second)
    pool.add(answer(0, 12))
    const again = answer(1, 12, { lane: 1_024, claim: { level: 99n * LEVEL } })
    expect(() => pool.add(again)).toThrow(throwing('REPLACEMENT_TOO_LOW') as Error)
  })
})

describe('at a new head', () => {
  const settle = (self: Stage, touched: Partial<Touched>): [PendingTx, string][] =>
    reasons(self.pool.settle({ included: [], touched: { ...NOTHING, ...touched } }))

  test('what has expired leaves, with what builds on it', () => {
    const self = stage()
    const lane = [tx({ claim: { validUntil: 11 } }), tx({ sequence: 1 })]
    for (const each of lane) self.pool.add(each)
    expect(settle(self, {})).toEqual([])
    Object.assign(self, { height: 11 })
    expect(settle(self, {})).toEqual([
      [lane[0], 'TX_EXPIRED'],
      [lane[1], 'SEQUENCE_GAP'],
    ])
  })

  test('of an account that has less than it promised the newest leave, proofs last', () => {
    const self = stage()
    const [first, last] = [tx({ claim: { amount: 300n } }), tx({ lane: 1, claim: { amount: 300n } })]
    const proof = answer(0, 12, { claim: { amount: 300n } })
    for (const each of [first, last, proof]) self.pool.add(each)
    self.balances.set(alice, 599n)
    expect(settle(self, {})).toEqual([])
    expect(settle(self, { accounts: [alice] })).toEqual([
      [last, 'INSUFFICIENT_FUNDS'],
      [first, 'INSUFFICIENT_FUNDS'],
    ])
    expect(self.pool.get(proof.id)).toBe(proof)
  })

  test('of a key that may spend less than it promised the newest leave, for its limit', () => {
    const self = stage()
    self.keys.set(`${alice}/k`, { left: 600n, expires: 99, scopes: ['Transfer'] })
    const sent = [0, 1].map((lane) => tx({ lane, claim: { amount: 300n, sessionKey: 'k' } }))
    for (const each of sent) self.pool.add(each)
    self.keys.set(`${alice}/k`, { left: 599n, expires: 99, scopes: ['Transfer'] })
    const keys = [{ account: alice, publicKey: 'k' }]
    expect(settle(self, { keys })).toEqual([[sent[1], 'SPENDING_LIMIT_REACHED']])
  })

  test('of a key that may no longer sign them they leave, proofs too', () => {
    const self = stage()
    self.keys.set(`${alice}/k`, { left: 1_000n, expires: 99, scopes: ['Transfer', 'SubmitPost'] })
    const sent = [tx({ claim: { sessionKey: 'k' } }), answer(0, 12, { claim: { sessionKey: 'k' } })]
    for (const each of [...sent, tx({ lane: 1 })]) self.pool.add(each)
    const keys = [{ account: alice, publicKey: 'k' }]
    self.keys.set(`${alice}/k`, { left: 1_000n, expires: 99, scopes: ['SubmitPost'] })
    expect(settle(self, { keys })).toEqual([[sent[0], 'KEY_NOT_AUTHORIZED']])
    self.keys.clear()
    expect(settle(self, { keys })).toEqual([[sent[1], 'KEY_NOT_AUTHORIZED']])
  })

  test('what is about a partition that a block has changed is checked again, and nothing else', () => {
    const self = stage()
    const sent = [answer(0, 12), answer(1, 12), tx()]
    for (const each of sent) self.pool.add(each)
    self.refusal = 'CHALLENGE_NOT_OPEN'
    expect(settle(self, { partitions: [{ provider: 1_000, partition: 1 }] })).toEqual([[sent[1], 'CHALLENGE_NOT_OPEN']])
  })

  test('a lane that has gone on without what waits in it is emptied', () => {
    const self = stage()
    const sent = [tx({ sequence: 3 }), tx({ sequence: 4 })]
    for (const each of sent) self.pool.add(each)
    expect(settle(self, { lanes: [{ account: alice, lane: 0 }] }).map(([each]) => each)).toEqual(sent)
    expect(self.pool.lanesOf(alice)).toEqual([])
  })
})
