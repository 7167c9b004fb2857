/** What every message refuses: one row each, a stage for each test, on which it succeeds as it stands. */

import { GranaryError } from '@granary/base'
import {
  type DealTerms,
  declarations,
  decodeTransaction,
  type MessageBodies,
  possessionDigest,
  type Signer,
  type TransactionName,
  typedDealRenewal,
} from '@granary/protocol/messages'
import { describe, expect, test } from '@jest/globals'
import { ed25519 } from '@noble/curves/ed25519.js'
import {
  claimedAnswer,
  claimedPiece,
  claimedPoRep,
  claimedProofs,
  claimedSector,
} from '../../../test/claimed-proofs.ts'
import { createRanch, type Ranch } from '../../../test/life-commands.ts'
import { createTestChain, fund, GRN, type SendOptions, signTerms, termsFor } from '../../../test/test-chain.ts'
import { dealView, sectorView, validatorOf } from '../index.ts'

/** Bonded by the client of the stage, where a row says so. */
const VALIDATOR_SEED = new Uint8Array(32).fill(55)
const validator = ed25519.getPublicKey(VALIDATOR_SEED)

function bonding({ chain, client }: Ranch): MessageBodies['BondValidator'] {
  const possession = ed25519.sign(possessionDigest(chain.genesisHash, client.address), VALIDATOR_SEED)
  return { validator, amount: 20n * GRN, possession }
}

function bonded(stage: Ranch): void {
  stage.chain.does(stage.client, 'BondValidator', bonding(stage))
}

interface Row<N extends TransactionName = TransactionName> {
  readonly kind: N
  /** The faucet owns the validator. */
  readonly signer: 'client' | 'owner' | 'faucet'
  /** Makes the stage one on which it succeeds. */
  readonly before?: (stage: Ranch) => void
  readonly body: (stage: Ranch) => MessageBodies[N]
  /** The same from an account of its own that has money and nothing else. */
  readonly stranger: string
  /** The same signed again, once it has succeeded. */
  readonly again: string
  /** Bodies beyond a bound, and what is said to each; MESSAGE_INVALID cannot even be encoded. */
  readonly outOfRange: readonly (readonly [code: string, change: (body: MessageBodies[N], stage: Ranch) => object])[]
}

/** Rows of all kinds in one list: each is checked against its own kind here. */
function row<N extends TransactionName>(given: Row<N>): Row {
  return given as unknown as Row
}

const SECTOR = 0
const DEAL = 1
const FIELD = 'MESSAGE_INVALID'
const publicKey = new Uint8Array(32).fill(8)
const profile = {
  sessionKey: new Uint8Array(0),
  endpoints: ['http://127.0.0.1:7470'],
  peerId: '',
  region: 'eu',
  name: 'barn',
}
const ask = {
  pricePerGiBEpoch: 5n,
  pieceSizeMin: 256,
  pieceSizeMax: 1024,
  durationMin: 10,
  durationMax: 500,
  collateralShareMaxBps: 10_000,
  profiles: ['2KiB-test'],
}

const proposal = { title: 'cheaper', link: '', changes: [{ name: 'accountFee', value: 5n }], release: '' }

function signed(stage: Ranch, given: Partial<DealTerms> = {}): MessageBodies['PublishDeal'] {
  const { chain, client, owner, provider } = stage
  const terms = termsFor(chain, client.address, provider, { ...claimedPiece(7), nonce: 7n, ...given })
  return { deals: [{ terms, providerSignature: signTerms(chain, owner, terms) }] }
}

function renewal({ chain, owner }: Ranch, epochs: number): MessageBodies['RenewDeal'] {
  const { agreementId, endsAt = 0 } = dealView(chain.state, DEAL)!
  const renewal = {
    deal: DEAL,
    agreementId,
    startsAt: endsAt,
    endsAt: endsAt + epochs,
    providerCollateral: GRN,
    validUntil: chain.height + 50,
  }
  return { renewal, providerSignature: owner.sign(typedDealRenewal(chain.genesisHash, renewal)) as Uint8Array }
}

function preCommit({ chain, provider }: Ranch): MessageBodies['PreCommitSectors'] {
  const sector = claimedSector(chain, { number: 9, deals: [], expiry: chain.height + 60, pieceCids: [] })
  return { provider, sectors: [sector] }
}

function untilChallenged({ chain, provider }: Ranch): void {
  while (claimedAnswer(chain, provider, 0) === undefined) chain.produce()
}

const rows: readonly Row[] = [
  row({
    kind: 'Transfer',
    signer: 'client',
    body: ({ owner }) => ({ to: owner.address, amount: 1n }),
    stranger: 'OK',
    again: 'OK',
    outOfRange: [
      ['AMOUNT_ZERO', (body) => ({ ...body, amount: 0n })],
      ['INSUFFICIENT_FUNDS', (body) => ({ ...body, amount: 2n ** 128n - 1n })],
      [FIELD, (body) => ({ ...body, amount: 2n ** 128n })],
    ],
  }),
  row({
    kind: 'AuthorizeKey',
    signer: 'client',
    body: () => ({ publicKey, scopes: ['Transfer'], expires: 1_000, spendingLimit: GRN }),
    stranger: 'OK',
    again: 'OK',
    outOfRange: [
      ['KEY_INVALID', (body) => ({ ...body, expires: 1 })],
      ['SCOPE_UNKNOWN', (body) => ({ ...body, scopes: ['All'] })],
      [FIELD, (body) => ({ ...body, scopes: Array(33).fill('Transfer') })],
    ],
  }),
  row({
    kind: 'RevokeKey',
    signer: 'client',
    before: ({ chain, client }) => {
      chain.does(client, 'AuthorizeKey', { publicKey, scopes: ['Transfer'], expires: 1_000, spendingLimit: GRN })
    },
    body: () => ({ publicKey }),
    stranger: 'KEY_NOT_FOUND',
    again: 'KEY_NOT_FOUND',
    outOfRange: [[FIELD, () => ({ publicKey: publicKey.slice(1) })]],
  }),
  row({
    kind: 'RegisterProvider',
    signer: 'client',
    body: ({ client }) => ({ ...profile, payout: client.address }),
    stranger: 'OK',
    again: 'OK',
    outOfRange: [
      ['PROVIDER_INVALID', (body) => ({ ...body, sessionKey: publicKey.slice(1) })],
      ['PROVIDER_INVALID', (body) => ({ ...body, endpoints: ['ftp://barn'] })],
      [FIELD, (body) => ({ ...body, endpoints: Array(9).fill('http://barn') })],
    ],
  }),
  row({
    kind: 'UpdateProvider',
    signer: 'owner',
    body: ({ owner, provider }) => ({ ...profile, provider, payout: owner.address }),
    stranger: 'PROVIDER_NOT_OWNED',
    again: 'OK',
    outOfRange: [
      ['PROVIDER_NOT_FOUND', (body) => ({ ...body, provider: 999 })],
      [FIELD, (body) => ({ ...body, provider: 2 ** 32 })],
    ],
  }),
  row({
    kind: 'SetAsk',
    signer: 'owner',
    body: ({ provider }) => ({ provider, ...ask, validUntil: 1_000 }),
    stranger: 'PROVIDER_NOT_OWNED',
    again: 'OK',
    outOfRange: [
      ['ASK_INVALID', (body) => ({ ...body, durationMin: 501 })],
      ['ASK_INVALID', (body) => ({ ...body, collateralShareMaxBps: 1_999 })],
      ['ASK_INVALID', (body) => ({ ...body, pieceSizeMin: 2048 })],
      ['ASK_INVALID', (body) => ({ ...body, validUntil: 1 })],
      [FIELD, (body) => ({ ...body, profiles: Array(17).fill('2KiB-test') })],
    ],
  }),
  row({
    kind: 'DepositCollateral',
    signer: 'owner',
    body: ({ provider }) => ({ provider, amount: 1n }),
    stranger: 'OK',
    again: 'OK',
    outOfRange: [
      ['AMOUNT_ZERO', (body) => ({ ...body, amount: 0n })],
      ['INSUFFICIENT_FUNDS', (body) => ({ ...body, amount: 2n ** 127n })],
      ['PROVIDER_NOT_FOUND', (body) => ({ ...body, provider: 999 })],
    ],
  }),
  row({
    kind: 'WithdrawCollateral',
    signer: 'owner',
    body: ({ provider }) => ({ provider, amount: 1n }),
    stranger: 'PROVIDER_NOT_OWNED',
    again: 'OK',
    outOfRange: [
      ['AMOUNT_ZERO', (body) => ({ ...body, amount: 0n })],
      ['INSUFFICIENT_COLLATERAL', (body) => ({ ...body, amount: 2n ** 127n })],
    ],
  }),
  row({
    kind: 'PublishDeal',
    signer: 'client',
    body: (stage) => signed(stage),
    stranger: 'DEAL_CLIENT_WRONG',
    again: 'DEAL_DUPLICATE',
    outOfRange: [
      ['DEAL_TERMS_INVALID', (_, stage) => signed(stage, { duration: 1 })],
      ['DEAL_TERMS_INVALID', (_, stage) => signed(stage, { duration: 1_001 })],
      ['DEAL_TERMS_INVALID', (_, stage) => signed(stage, { activateWithin: 1 })],
      ['DEAL_TERMS_EXPIRED', (_, stage) => signed(stage, { validUntil: 1 })],
      ['DEAL_COLLATERAL_LOW', (_, stage) => signed(stage, { providerCollateral: 1n })],
      ['INSUFFICIENT_COLLATERAL', (_, stage) => signed(stage, { providerCollateral: 10n ** 30n })],
      [FIELD, () => ({ deals: [] })],
      [FIELD, ({ deals }) => ({ deals: Array(65).fill(deals[0]) })],
    ],
  }),
  row({
    kind: 'RenewDeal',
    signer: 'client',
    body: (stage) => renewal(stage, 2),
    stranger: 'DEAL_CLIENT_WRONG',
    again: 'DEAL_NOT_EXTENDABLE',
    outOfRange: [
      ['DEAL_NOT_EXTENDABLE', (_, stage) => renewal(stage, 0)],
      ['DEAL_NOT_EXTENDABLE', (_, stage) => renewal(stage, 10_000)],
    ],
  }),
  row({
    kind: 'TopUpDeal',
    signer: 'client',
    body: () => ({ deal: DEAL, epochs: 1 }),
    stranger: 'OK',
    again: 'OK',
    outOfRange: [
      ['DEAL_NOT_EXTENDABLE', (body) => ({ ...body, epochs: 0 })],
      ['DEAL_NOT_EXTENDABLE', (body) => ({ ...body, epochs: 10_000 })],
      ['DEAL_NOT_FOUND', (body) => ({ ...body, deal: 99 })],
    ],
  }),
  row({
    kind: 'TopUpByOrder',
    signer: 'owner',
    body: () => ({ deal: DEAL, epochs: 1 }),
    stranger: 'OK',
    again: 'OK',
    outOfRange: [
      ['DEAL_NOT_EXTENDABLE', (body) => ({ ...body, epochs: 0 })],
      ['DEAL_NOT_EXTENDABLE', (body) => ({ ...body, epochs: 10_000 })],
      ['DEAL_NOT_FOUND', (body) => ({ ...body, deal: 99 })],
    ],
  }),
  row({
    kind: 'CancelDeal',
    signer: 'client',
    body: () => ({ deal: DEAL }),
    stranger: 'DEAL_CLIENT_WRONG',
    again: 'DEAL_OVER',
    outOfRange: [
      ['DEAL_NOT_FOUND', () => ({ deal: 99 })],
      [FIELD, () => ({ deal: 2 ** 48 })],
    ],
  }),
  row({
    kind: 'SettleDeals',
    signer: 'client',
    body: () => ({ deals: [DEAL] }),
    stranger: 'OK',
    again: 'OK',
    outOfRange: [
      ['DEAL_NOT_FOUND', () => ({ deals: [99] })],
      [FIELD, () => ({ deals: [] })],
      [FIELD, () => ({ deals: Array(257).fill(DEAL) })],
    ],
  }),
  row({
    kind: 'PreCommitSectors',
    signer: 'owner',
    body: preCommit,
    stranger: 'PROVIDER_NOT_OWNED',
    again: 'SECTOR_NUMBER_USED',
    outOfRange: [
      ['SECTOR_EXPIRY_INVALID', ({ provider, sectors }) => ({ provider, sectors: [{ ...sectors[0]!, expiry: 1 }] })],
      [
        'SECTOR_EXPIRY_INVALID',
        ({ provider, sectors }) => ({ provider, sectors: [{ ...sectors[0]!, expiry: 9_999 }] }),
      ],
      ['TICKET_INVALID', ({ provider, sectors }) => ({ provider, sectors: [{ ...sectors[0]!, ticketEpoch: 9_999 }] })],
      ['PROFILE_REFUSED', ({ provider, sectors }) => ({ provider, sectors: [{ ...sectors[0]!, profile: '1KiB' }] })],
      [FIELD, ({ provider, sectors }) => ({ provider, sectors: [{ ...sectors[0]!, number: 2 ** 32 }] })],
      [FIELD, ({ provider, sectors }) => ({ provider, sectors: Array(65).fill(sectors[0]) })],
    ],
  }),
  row({
    kind: 'ProveCommitSector',
    signer: 'owner',
    before: (stage) => {
      stage.chain.does(stage.owner, 'PreCommitSectors', preCommit(stage))
      stage.chain.advance(2)
    },
    body: ({ provider }) => ({ provider, number: 9, bundle: claimedPoRep() }),
    stranger: 'PROVIDER_NOT_OWNED',
    again: 'SECTOR_STATE_WRONG',
    outOfRange: [
      ['SECTOR_NOT_FOUND', (body) => ({ ...body, number: 77 })],
      ['POREP_INVALID', (body) => ({ ...body, bundle: claimedPoRep(false) })],
      [FIELD, (body) => ({ ...body, bundle: new Uint8Array(0) })],
    ],
  }),
  row({
    kind: 'ExtendSectors',
    signer: 'owner',
    body: ({ chain, provider }) => ({
      provider,
      sectors: [SECTOR],
      expiry: sectorView(chain.state, provider, SECTOR)!.expiry + 1,
    }),
    stranger: 'PROVIDER_NOT_OWNED',
    again: 'SECTOR_EXPIRY_INVALID',
    outOfRange: [
      ['SECTOR_EXPIRY_INVALID', (body) => ({ ...body, expiry: 1_000_000 })],
      ['SECTOR_EXPIRY_INVALID', (body) => ({ ...body, expiry: 1 })],
      ['SECTOR_NOT_FOUND', (body) => ({ ...body, sectors: [77] })],
      [FIELD, (body) => ({ ...body, sectors: [] })],
    ],
  }),
  row({
    kind: 'TerminateSectors',
    signer: 'owner',
    body: ({ provider }) => ({ provider, sectors: [SECTOR] }),
    stranger: 'PROVIDER_NOT_OWNED',
    again: 'SECTOR_STATE_WRONG',
    outOfRange: [
      ['SECTOR_NOT_FOUND', (body) => ({ ...body, sectors: [77] })],
      ['SECTOR_STATE_WRONG', (body) => ({ ...body, sectors: [SECTOR, SECTOR] })],
      [FIELD, (body) => ({ ...body, sectors: Array(257).fill(SECTOR) })],
    ],
  }),
  row({
    kind: 'SubmitPost',
    signer: 'owner',
    before: untilChallenged,
    body: ({ chain, provider }) => claimedAnswer(chain, provider, 0)!,
    stranger: 'PROVIDER_NOT_OWNED',
    again: 'CHALLENGE_NOT_OPEN',
    outOfRange: [
      ['CHALLENGE_NOT_OPEN', (body) => ({ ...body, challengeEpoch: body.challengeEpoch + 1 })],
      ['PARTITION_NOT_FOUND', (body) => ({ ...body, partition: 5 })],
      ['BUNDLE_LENGTH_WRONG', (body) => ({ ...body, bundle: body.bundle.slice(1) })],
      ['SKIPS_INVALID', (body) => ({ ...body, skipped: [0] })],
      [FIELD, (body) => ({ ...body, skipped: Array(26).fill(0) })],
      [FIELD, (body) => ({ ...body, bundle: new Uint8Array(2 ** 20 + 1) })],
    ],
  }),
  row({
    kind: 'DeclareFaults',
    signer: 'owner',
    body: ({ provider }) => ({ provider, partition: 0, sectors: [SECTOR] }),
    stranger: 'PROVIDER_NOT_OWNED',
    again: 'SECTOR_NOT_SOUND',
    outOfRange: [
      ['PARTITION_NOT_FOUND', (body) => ({ ...body, partition: 5 })],
      ['SECTOR_NOT_FOUND', (body) => ({ ...body, sectors: [77] })],
      [FIELD, (body) => ({ ...body, sectors: [] })],
    ],
  }),
  row({
    kind: 'RequestRecovery',
    signer: 'owner',
    before: ({ chain, owner, provider }) => {
      chain.does(owner, 'DeclareFaults', { provider, partition: 0, sectors: [SECTOR] })
    },
    body: ({ provider }) => ({ provider, partition: 0, sectors: [] }),
    stranger: 'PROVIDER_NOT_OWNED',
    again: 'RECOVERY_PENDING',
    outOfRange: [
      ['PARTITION_NOT_FOUND', (body) => ({ ...body, partition: 5 })],
      ['SECTOR_NOT_FOUND', (body) => ({ ...body, sectors: [77] })],
      [FIELD, (body) => ({ ...body, sectors: Array(2_049).fill(SECTOR) })],
    ],
  }),
  row({
    kind: 'SubmitProposal',
    signer: 'faucet',
    body: () => proposal,
    stranger: 'NO_VOTING_POWER',
    again: 'PROPOSAL_OPEN',
    outOfRange: [
      ['PROPOSAL_INVALID', (body) => ({ ...body, changes: [] })],
      ['PROPOSAL_INVALID', (body) => ({ ...body, changes: [...body.changes, ...body.changes] })],
      ['PROPOSAL_INVALID', (body) => ({ ...body, upgradeAt: 10_000, rules: 2 })],
      ['PROPOSAL_INVALID', (body) => ({ ...body, changes: [], upgradeAt: 10_000, rules: 3 })],
      ['PROPOSAL_INVALID', (body, { chain }) => ({ ...body, changes: [], upgradeAt: chain.height + 51, rules: 2 })],
      ['PROPOSAL_INVALID', (body) => ({ ...body, changes: [], upgradeAt: 2 ** 40, rules: 2 })],
      ['PROPOSAL_INVALID', (body) => ({ ...body, changes: [], rules: 2 })],
      ['PARAM_NOT_CHANGEABLE', (body) => ({ ...body, changes: [{ name: 'vesting', value: 1n }] })],
      ['PARAM_NOT_CHANGEABLE', (body) => ({ ...body, changes: [{ name: 'toString', value: 1n }] })],
      ['PARAM_NOT_CHANGEABLE', (body) => ({ ...body, changes: [{ name: 'feeBase', value: 2n ** 100n }] })],
      [FIELD, (body) => ({ ...body, title: 'x'.repeat(129) })],
      [FIELD, (body) => ({ ...body, changes: Array(17).fill(body.changes[0]) })],
    ],
  }),
  row({
    kind: 'Vote',
    signer: 'faucet',
    before: ({ chain }) => void chain.does(chain.faucet, 'SubmitProposal', proposal),
    body: () => ({ proposal: 1, choice: 'yes' }),
    stranger: 'NO_VOTING_POWER',
    again: 'OK',
    outOfRange: [
      ['PROPOSAL_NOT_FOUND', (body) => ({ ...body, proposal: 2 })],
      [FIELD, (body) => ({ ...body, choice: 'perhaps' })],
    ],
  }),
  row({
    kind: 'BondValidator',
    signer: 'client',
    body: bonding,
    stranger: 'VALIDATOR_SIGNATURE_INVALID',
    again: 'OK',
    outOfRange: [
      ['AMOUNT_ZERO', (body) => ({ ...body, amount: 0n })],
      ['BOND_TOO_SMALL', (body) => ({ ...body, amount: 10n * GRN - 1n })],
      ['INSUFFICIENT_FUNDS', (body) => ({ ...body, amount: 2n ** 127n })],
      ['VALIDATOR_SIGNATURE_INVALID', (body) => ({ ...body, possession: new Uint8Array(0) })],
      [FIELD, (body) => ({ ...body, possession: new Uint8Array(65) })],
    ],
  }),
  row({
    kind: 'UnbondValidator',
    signer: 'client',
    before: bonded,
    body: () => ({ validator, amount: 5n * GRN }),
    stranger: 'VALIDATOR_NOT_OWNED',
    again: 'OK',
    outOfRange: [
      ['AMOUNT_ZERO', (body) => ({ ...body, amount: 0n })],
      ['BOND_INSUFFICIENT', (body) => ({ ...body, amount: 21n * GRN })],
      ['BOND_TOO_SMALL', (body) => ({ ...body, amount: 11n * GRN })],
      ['VALIDATOR_NOT_FOUND', (body) => ({ ...body, validator: publicKey })],
    ],
  }),
  row({
    kind: 'Unjail',
    signer: 'client',
    before: (stage) => {
      const { chain } = stage
      bonded(stage)
      chain.produce([], { report: { absent: [], doubleVotes: [] } })
      const report = { absent: [validatorOf(validator)], doubleVotes: [] }
      while (!chain.events.some(({ type }) => type === 'validator:jailed')) chain.produce([], { report })
      chain.advance(chain.genesis.params.jailTime)
    },
    body: () => ({ validator }),
    stranger: 'VALIDATOR_NOT_OWNED',
    again: 'VALIDATOR_NOT_JAILED',
    outOfRange: [['VALIDATOR_NOT_FOUND', () => ({ validator: publicKey })]],
  }),
]

test('there is a row for every message that an account can send', () => {
  const kinds = Object.keys(declarations).filter((kind) => kind !== 'BeaconEntry')
  expect(rows.map(({ kind }) => kind).toSorted()).toEqual(kinds.toSorted())
})

/** What every stage goes on from: to make it is most of what a stage takes. */
const ground = createRanch({ stores: 1 }).real

function stageOn({ chain: { genesis, state }, ...ranch }: Ranch): Ranch {
  return { ...ranch, chain: createTestChain({ params: genesis.params, from: state, verifiers: claimedProofs }) }
}

describe.each(rows)('$kind', ({ kind, signer, before, body, stranger, again, outOfRange }) => {
  function stageOf(): { stage: Ranch; from: Signer; sound: MessageBodies[TransactionName] } {
    const stage = stageOn(ground)
    before?.(stage)
    return { stage, from: signer === 'faucet' ? stage.chain.faucet : stage[signer], sound: body(stage) }
  }

  function codeOf({ chain }: Ranch, from: Signer, given: object, options: SendOptions = {}): string {
    try {
      const verdict = chain.machine.checkTx(chain.sign(from, kind, given as never, options), 0)
      if (verdict.code !== 'OK') expect(verdict.message).not.toBe('')
      return verdict.code
    } catch (error) {
      if (GranaryError.is(error)) return error.code
      throw error
    }
  }

  test('of a wrong signer, with a wrong sequence, too late or for too little is not admitted', () => {
    const { stage, from, sound } = stageOf()
    const { chain } = stage
    const mallory = fund(chain, 66)
    const next = decodeTransaction(chain.sign(from, kind, sound as never)).tx.sequence
    expect(codeOf(stage, mallory, sound, { sender: from.address })).toBe('SIGNER_WRONG')
    expect(codeOf(stage, from, sound, { sequence: next + 1 })).toBe('SEQUENCE_GAP')
    expect(codeOf(stage, from, sound, { sequence: next - 1 })).toBe('SEQUENCE_TOO_LOW')
    expect(codeOf(stage, from, sound, { validUntil: chain.height })).toBe('TX_EXPIRED')
    expect(codeOf(stage, from, sound, { maxFee: 1n })).toBe('FEE_TOO_LOW')
    expect(codeOf(stage, from, sound, { validUntil: chain.height + 1 })).toBe('OK')
  })

  test(`from somebody else's account is ${stranger}`, () => {
    const { stage, sound } = stageOf()
    expect(codeOf(stage, fund(stage.chain, 66), sound)).toBe(stranger)
  })

  test(`twice: the same bytes count once, and signed again it is ${again}`, () => {
    const { stage, from, sound } = stageOf()
    const bytes = stage.chain.sign(from, kind, sound as never)
    const { results } = stage.chain.produce([bytes, bytes])
    expect(results.filter((result) => result.kind === kind)).toMatchObject([{ code: 'OK' }])
    expect(stage.chain.machine.checkTx(bytes, 0).code).toBe('SEQUENCE_TOO_LOW')
    expect(codeOf(stage, from, sound)).toBe(again)
  })

  test('claims, while it waits, all that it takes from the balance of its sender', () => {
    const { stage, from, sound } = stageOf()
    const { chain } = stage
    const bytes = chain.sign(from, kind, sound as never)
    const verdict = chain.machine.checkTx(bytes, 0)
    if (verdict.code !== 'OK') throw new Error(verdict.message)
    const before = chain.balance(from.address)
    const { results } = chain.produce([bytes])
    const { fee } = results.find((result) => result.kind === kind)!
    const taken = before - chain.balance(from.address) - fee
    expect(taken).toBeLessThanOrEqual(verdict.claim.amount - decodeTransaction(bytes).tx.maxFee)
  })

  test('beyond a bound says which', () => {
    const { stage, from, sound } = stageOf()
    const codes = outOfRange.map(([, change]) => codeOf(stage, from, change(sound as never, stage)))
    expect(codes).toEqual(outOfRange.map(([code]) => code))
  })
})
