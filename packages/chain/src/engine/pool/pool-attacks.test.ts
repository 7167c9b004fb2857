/** What kept proofs and others out of blocks, each tried as that attack, on the state machine and the pool as they are. */

import { type Address, feeOf, type Signer, sessionSigner } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { addClaimedPartitions, createClaimedPartitions } from '../../../test/claimed-partitions.ts'
import { claimedAnswer, claimedSector } from '../../../test/claimed-proofs.ts'
import { accountAt, challenged, crowd, transfer } from '../../../test/crowds.ts'
import { claimedSigner, claimedSigners, createPoolNode } from '../../../test/pool-node.ts'
import { profilesWith } from '../../../test/profiles-with.ts'
import { createTestChain, fund, GRN, signTerms, termsFor } from '../../../test/test-chain.ts'
import { type FinalizedBlock, feeLevelOf, type Verifiers } from '../../state/index.ts'
import { tables } from '../../state/store/tables.ts'

/** Thousands of messages, on a machine that may be busy. */
const TIMEOUT_MS = 300_000
const holds = ({ results }: FinalizedBlock, kind: string, fee?: bigint): boolean =>
  results.some((result) => result.kind === kind && (fee === undefined || result.fee === fee))

test(
  '4,096 requests to recover in 4,096 lanes from one sector: one of them waits, and a proof is in the next block',
  async () => {
    const market = createClaimedPartitions(2, 1, { provingPeriod: 4 }, claimedSigners)
    const { chain, provider } = market
    const owner = claimedSigner(market.owner.address)
    chain.does(owner, 'DeclareFaults', { provider, partition: 0, sectors: [0] }, { lane: 40 })
    challenged(chain, provider, 1)
    const node = createPoolNode(chain)
    const codes: string[] = []
    for (let lane = 1_024; lane < 1_024 + 4_096; lane++) {
      const body = { provider, partition: 0, sectors: lane % 2 === 0 ? [] : [0] }
      codes.push(await node.tries(chain.sign(owner, 'RequestRecovery', body, { lane, maxFee: GRN / 10_000n })))
    }
    expect(codes.filter((code) => code === 'OK')).toHaveLength(1)
    expect(new Set(codes)).toEqual(new Set(['OK', 'ALREADY_PENDING']))
    expect(await node.tries(chain.sign(owner, 'SubmitPost', claimedAnswer(chain, provider, 1)!, { lane: 9_000 }))).toBe(
      'OK',
    )
    const block = node.produce()
    expect(block.results.filter(({ kind }) => kind === 'SubmitPost')).toMatchObject([{ code: 'OK' }])
    expect(block.results.filter(({ kind }) => kind === 'RequestRecovery')).toHaveLength(1)
    expect(node.pool.size).toBe(0)
  },
  TIMEOUT_MS,
)

test(
  '1,086 wrong answers behind lane heads: two of each signer are verified, and none waits or is in a block',
  async () => {
    let verified = 0
    const counting: Verifiers = {
      ...claimedSigners,
      post: (input) => {
        if (input.bundle[0] === 0) verified += 1
        return claimedSigners.post(input)
      },
    }
    const { chain, owner: real, provider } = createClaimedPartitions(3, 1, { provingPeriod: 4 }, counting)
    const owner = claimedSigner(real.address)
    const session = sessionSigner(new Uint8Array(32).fill(9), owner.address)
    const grant = { publicKey: session.publicKey, scopes: ['SubmitPost'], expires: 9_999, spendingLimit: GRN }
    chain.does(owner, 'AuthorizeKey', grant)
    challenged(chain, provider, 0)
    const node = createPoolNode(chain)
    const right = claimedAnswer(chain, provider, 0)!
    // A head of its lane that is right, as cheap as can be; behind it the wrong ones.
    expect(
      await node.tries(chain.sign(owner, 'DeclareFaults', { provider, partition: 2, sectors: [2] }, { lane: 2_000 })),
    ).toBe('OK')
    const wrong = (count: number): typeof right => {
      const bundle = new Uint8Array(right.bundle.length)
      new DataView(bundle.buffer).setUint32(4, count)
      return { ...right, bundle }
    }
    const codes: string[] = []
    for (let count = 0; count < 1_086; count++) {
      const bytes = chain.sign(owner, 'SubmitPost', wrong(count), { lane: 2_000, sequence: 1 })
      codes.push(await node.tries(bytes))
      // The same again is not counted twice, nor verified.
      if (count === 0) expect(await node.tries(bytes)).toBe('POST_INVALID')
    }
    for (let count = 0; count < 5; count++) {
      codes.push(
        await node.tries(
          chain.sign(session, 'SubmitPost', wrong(5_000 + count), { lane: 3_000, maxFee: GRN / 10_000n }),
        ),
      )
    }
    expect(codes.filter((code) => code === 'POST_INVALID')).toHaveLength(4)
    expect(codes.filter((code) => code === 'PROOF_ATTEMPTS_SPENT')).toHaveLength(1_087)
    expect(verified).toBe(4)
    expect(node.pool.size).toBe(1)
    // Another challenge is not touched by it; and this one opens again for nobody until it closes.
    challenged(chain, provider, 1)
    const other = claimedAnswer(chain, provider, 1)!
    expect(await node.tries(chain.sign(owner, 'SubmitPost', other, { lane: 4_000 }))).toBe('OK')
    expect(holds(node.produce(), 'SubmitPost')).toBe(true)
  },
  TIMEOUT_MS,
)

test(
  'wrong answers by session keys leave the attempts of the owner, and all are free again when the challenge has closed',
  async () => {
    const { chain, owner: real, provider } = createClaimedPartitions(1, 1, { provingPeriod: 4 }, claimedSigners)
    const owner = claimedSigner(real.address)
    const keys = [7, 8].map((seed) => sessionSigner(new Uint8Array(32).fill(seed), owner.address))
    for (const { publicKey } of keys) {
      const grant = { publicKey, scopes: ['SubmitPost'], expires: 9_999, spendingLimit: GRN }
      chain.does(owner, 'AuthorizeKey', grant)
    }
    const node = createPoolNode(chain)
    for (let round = 0; round < 2; round++) {
      challenged(chain, provider, 0)
      const wrong = (index: number): ReturnType<typeof claimedAnswer> => {
        const body = claimedAnswer(chain, provider, 0, false)!
        body.bundle[5] = index
        return body
      }
      const by = (signer: Signer, index: number): Promise<string> =>
        node.tries(chain.sign(signer, 'SubmitPost', wrong(index)!, { lane: 1_024, maxFee: GRN / 10_000n }))
      expect([await by(keys[0]!, 1), await by(keys[1]!, 2), await by(keys[0]!, 3), await by(keys[1]!, 4)]).toEqual([
        'POST_INVALID',
        'POST_INVALID',
        'PROOF_ATTEMPTS_SPENT',
        'PROOF_ATTEMPTS_SPENT',
      ])
      const right = chain.sign(owner, 'SubmitPost', claimedAnswer(chain, provider, 0)!, { lane: 1_024 })
      expect(await node.tries(right)).toBe('OK')
      expect(holds(node.produce(), 'SubmitPost')).toBe(true)
    }
  },
  TIMEOUT_MS,
)

test(
  'attacker first in every block, window of 5 epochs: no honest proof is late',
  async () => {
    const ATTACKING = 240
    const HONEST = 12
    // A block has room for 92 answers, and an epoch asks for 44; nothing is asked before all are proven.
    const params = {
      provingPeriod: 12,
      slotPartitionsMax: 22,
      recoveriesPerEpoch: 1,
      blockVerifyUnits: 60_000,
      cutoff: 50,
    }
    const attack = createClaimedPartitions(
      ATTACKING,
      1,
      { ...params, profiles: profilesWith({ '2KiB-test': 5 }) },
      claimedSigners,
    )
    const { chain } = attack
    const attacker = claimedSigner(attack.owner.address)
    const honest = addClaimedPartitions(chain, fund(chain, 5), HONEST, 1)
    const owner = claimedSigner(honest.owner.address)
    const wave = crowd(chain, 8, GRN)
    expect(chain.events.some((event) => event.type === 'challenge:opened')).toBe(false)
    const node = createPoolNode(chain)
    const maxFee = GRN / 1_000n
    const open = (provider: number, partition: number): number | undefined =>
      tables.partitions.get(chain.state, provider, partition)!.challenge?.deadline
    const answer = (provider: number, signer: Signer, partition: number, lane: number): Promise<string> =>
      node.tries(chain.sign(signer, 'SubmitPost', claimedAnswer(chain, provider, partition)!, { lane, maxFee }))
    const accepted = (provider: number): number =>
      chain.events.filter((event) => event.type === 'post:accepted' && event.provider === provider).length
    while (!chain.events.some((event) => event.type === 'challenge:opened')) chain.produce()
    let most = 0
    for (let block = 0; block < 32; block++) {
      // The attacker comes first: transfers, declarations, requests, and each fourth block all answers that it has held back.
      for (const signer of wave) await node.tries(transfer(chain, signer))
      for (const partition of [block, 32 + block]) {
        const body = { provider: attack.provider, partition, sectors: [partition] }
        await node.tries(chain.sign(attacker, 'DeclareFaults', body, { lane: 10_000 + partition, maxFee }))
        const asked = { ...body, partition: block - 2, sectors: [] }
        if (block > 1)
          await node.tries(chain.sign(attacker, 'RequestRecovery', asked, { lane: 20_000 + partition, maxFee }))
      }
      for (let partition = 0; partition < ATTACKING && block % 4 === 3; partition++) {
        if (open(attack.provider, partition) !== undefined)
          await answer(attack.provider, attacker, partition, 30_000 + partition)
      }
      most = Math.max(most, node.pool.size)
      // An honest answer comes at the last moment: the next block is the last that counts.
      for (let partition = 0; partition < HONEST; partition++) {
        if (open(honest.provider, partition) !== chain.height + 1) continue
        expect(await answer(honest.provider, owner, partition, 1_024 + partition)).toBe('OK')
      }
      node.produce()
    }
    // More answers waited than a block can hold; those of the attacker were late itself, and nobody else's.
    expect(most).toBeGreaterThan(92)
    const missed = chain.events.filter((event) => event.type === 'post:missed')
    expect(missed.filter(({ provider }) => provider === honest.provider)).toEqual([])
    expect(accepted(honest.provider)).toBeGreaterThan(HONEST)
    expect(accepted(attack.provider)).toBeGreaterThan(ATTACKING)
  },
  TIMEOUT_MS,
)

test(
  'the wave of pre-commits in many lanes: an honest transfer is in the next block',
  async () => {
    const chain = createTestChain({ verifiers: claimedSigners, recounts: false })
    const [attacker, honest] = crowd(chain, 2, 10n * GRN) as [Signer, Signer]
    const node = createPoolNode(chain)
    // Twelve of them would be more than general messages may have of a block.
    const sectors = Array.from({ length: 64 }, (_, number) =>
      claimedSector(chain, { number, deals: [], expiry: 9_999, pieceCids: [] }),
    )
    let taken = 0
    for (let lane = 0; lane < 32; lane++) {
      for (let behind = 0; behind < 2; behind++) {
        const bytes = chain.sign(
          attacker,
          'PreCommitSectors',
          { provider: 1_000, sectors },
          { lane, sequence: behind, maxFee: GRN / 10n },
        )
        if ((await node.tries(bytes)) === 'OK') taken += 1
      }
    }
    // The first was tried and refused; then they are taken unexecuted, to fail in a block.
    expect(taken).toBeGreaterThanOrEqual(60)
    const id = await node.submit(transfer(chain, honest))
    const block = node.produce()
    expect(block.results.some((result) => result.id === id)).toBe(true)
    expect(
      block.results.filter(({ kind, code }) => kind === 'PreCommitSectors' && code === 'PROVIDER_NOT_FOUND').length,
    ).toBeGreaterThan(0)
  },
  TIMEOUT_MS,
)

test(
  'ten proofs of 3 MB of a provider that does not exist, with money handed on: each is covered, and an honest transfer is in the next block',
  async () => {
    const chain = createTestChain({ verifiers: claimedSigners, recounts: false })
    const { params } = chain.genesis
    const attackers = crowd(chain, 10, GRN)
    const honest = claimedSigner(accountAt(500))
    chain.does(chain.faucet, 'Transfer', { to: honest.address, amount: GRN })
    const bundle = new Uint8Array(3 * 2 ** 20 - 300)
    const seal = (signer: Signer, number: number, lane: number, maxFee = GRN / 2n): Uint8Array =>
      chain.sign(signer, 'ProveCommitSector', { provider: 7_777, number, bundle }, { lane, maxFee })
    const node = createPoolNode(chain)
    const [first] = attackers as [Signer]
    // The first is executed and refused for nothing; that used up what the node works in vain for this account.
    expect(await node.tries(seal(first, 0, 0))).toBe('PROVIDER_NOT_FOUND')
    expect(await node.tries(seal(first, 1, 0))).toBe('OK')
    // What it has promised cannot be handed on.
    const handing = chain.sign(
      first,
      'Transfer',
      { to: attackers[1]!.address, amount: (GRN * 6n) / 10n },
      { lane: 1, maxFee: GRN / 1_000n },
    )
    expect(await node.tries(handing)).toBe('INSUFFICIENT_FUNDS')
    for (const [index, signer] of attackers.slice(1).entries()) {
      const tried = await node.tries(seal(signer, 10 + index, 0))
      if (tried === 'PROVIDER_NOT_FOUND') expect(await node.tries(seal(signer, 30 + index, 0))).toBe('OK')
    }
    const waiting = node.pool.size
    expect(waiting).toBe(10)
    const id = await node.submit(transfer(chain, honest))
    const level = feeLevelOf(chain.state)
    const block = node.produce()
    expect(block.results.some((result) => result.id === id)).toBe(true)
    const failed = block.results.filter(({ kind }) => kind === 'ProveCommitSector')
    expect(failed).toMatchObject([
      { code: 'PROVIDER_NOT_FOUND', fee: feeOf('ProveCommitSector', seal(first, 1, 0).length, params) },
    ])
    expect(feeLevelOf(chain.state)).toBeGreaterThan(level)
  },
  TIMEOUT_MS,
)

test('64 deals in one message that is signed by another, out of sequence or not covered: one signature is verified', async () => {
  const chain = createTestChain({ verifiers: claimedSigners, recounts: false })
  const [client, stranger] = crowd(chain, 2, GRN) as [Signer, Signer]
  const node = createPoolNode(chain)
  const publish = (pricePerEpoch: bigint, options: { sender?: Address; sequence?: number }): Uint8Array => {
    const deals = Array.from({ length: 64 }, (_, nonce) => {
      const terms = termsFor(chain, client.address, 1_000, { nonce: BigInt(nonce), pricePerEpoch })
      return { terms, providerSignature: signTerms(chain, stranger, terms) }
    })
    const signer = options.sender === undefined ? client : stranger
    return chain.sign(signer, 'PublishDeal', { deals }, { maxFee: GRN / 10n, ...options })
  }
  const tries = async (...given: Parameters<typeof publish>): Promise<[string, number]> => {
    const before = node.signatures
    return [await node.tries(publish(...given)), node.signatures - before]
  }
  expect(await tries(1n, { sender: client.address })).toEqual(['SIGNER_WRONG', 1])
  expect(await tries(1n, { sequence: 7 })).toEqual(['SEQUENCE_GAP', 1])
  expect(await tries(GRN, {})).toEqual(['INSUFFICIENT_FUNDS', 1])
  expect(await tries(1n, {})).toEqual(['PROVIDER_NOT_FOUND', 65])
})
