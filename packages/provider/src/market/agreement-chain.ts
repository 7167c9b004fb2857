/** What agreeing and quoting ask of the chain, through its typed client. */

import { GranaryError } from '@granary/base'
import type { Profile } from '@granary/proofs/profile'
import { porepBundleBytes } from '@granary/proofs/verify'
import type { SessionKeyView } from '@granary/protocol/client'
import { type Address, dealFee, feeOf, type Hash, PUBLISH_BYTES_MAX } from '@granary/protocol/messages'
import { amountFor, freeCollateralOf } from '../chain/collateral.ts'
import type { PromptChain } from '../chain/prompt-chain.ts'
import type { AgreementChain } from './accept-piece.ts'
import type { Market } from './issue-quote.ts'
import type { ProviderMeans } from './provider-means.ts'

export interface ChainMeansInput {
  readonly chain: Pick<PromptChain, 'status' | 'account' | 'fees' | 'params' | 'provider'>
  readonly providerId: number
  /** The smallest first. */
  readonly profiles: readonly Profile[]
  /** With how many proofs a period its sectors are proven. */
  readonly partitions: () => number
}

export function agreementChain(input: ChainMeansInput): AgreementChain {
  const { chain } = input
  return {
    head: () => chain.status(),
    freeBalanceOf: async (client) => BigInt((await chain.account(client)).balance),
    means: createMeans(input),
    async publishFee() {
      const [fees, params] = await Promise.all([chain.fees(), chain.params()])
      return feeOf('PublishDeal', PUBLISH_BYTES_MAX, fees) + dealFee(params)
    },
  }
}

/** Undefined when the chain has no deal of that number. */
export async function agreementOf(chain: Pick<PromptChain, 'deal'>, dealId: number): Promise<Hash | undefined> {
  try {
    return (await chain.deal(dealId)).agreementId
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'DEAL_NOT_FOUND') return undefined
    throw error
  }
}

/** Undefined when the account has no such key. */
export async function sessionKeyOn(
  chain: Pick<PromptChain, 'sessionKey'>,
  account: Address,
  publicKey: Hash,
): Promise<SessionKeyView | undefined> {
  try {
    return await chain.sessionKey(account, publicKey)
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'KEY_NOT_FOUND') return undefined
    throw error
  }
}

const PRE_COMMIT_BYTES_MAX = 4096
/** Beside the proof itself. */
const PROVE_COMMIT_BYTES_MAX = 512
/** Fees may rise until the message is sent, and proofs differ a little in their length. */
const FEE_HEADROOM = 2n

export function createMeans(input: ChainMeansInput): () => Promise<ProviderMeans> {
  const { profiles, providerId } = input
  // To lay out a proof takes longer than all that the chain is asked: once, when it is first wanted.
  let sizes: readonly SizedProfile[] | undefined
  return () => {
    sizes ??= profiles.map((profile) => ({ profile, proofBytes: proofBytes(profile, providerId) }))
    return meansOf(input, sizes)
  }
}

interface SizedProfile {
  readonly profile: Profile
  readonly proofBytes: number
}

async function meansOf(
  { chain, providerId, partitions }: ChainMeansInput,
  profiles: readonly SizedProfile[],
): Promise<ProviderMeans> {
  const [params, fees, view] = await Promise.all([chain.params(), chain.fees(), chain.provider(providerId)])
  const { balance } = await chain.account(view.owner)
  const perGiB = params.preCommitDepositPerGiB + params.pledgePerGiB
  const sectors = profiles.map(({ profile: { sectorBytes }, proofBytes }) => {
    const proveCommit = feeOf('ProveCommitSector', proofBytes + PROVE_COMMIT_BYTES_MAX, fees)
    const preCommit = feeOf('PreCommitSectors', PRE_COMMIT_BYTES_MAX, fees)
    return { sectorBytes, locked: amountFor(perGiB, sectorBytes), fees: (preCommit + proveCommit) * FEE_HEADROOM }
  })
  return {
    freeCollateral: freeCollateralOf(view),
    balance: BigInt(balance),
    sectors,
    partitionDeposit: params.partitionDeposit,
    // Of one period: what is sealed has to be proven before anything new is.
    feesOfProofs: feeOf('SubmitPost', 0, fees) * BigInt(partitions()),
  }
}

/** Of a proof over any randomness. */
function proofBytes(profile: Profile, provider: number): number {
  const zero = new Uint8Array(32)
  return porepBundleBytes({ profile, provider, sectorNumber: 1, ticket: zero, seed: zero, commD: zero })
}

export async function marketOf(
  chain: Pick<PromptChain, 'status' | 'params' | 'provider'>,
  providerId: number,
): Promise<Market> {
  const [status, params, { ask }] = await Promise.all([chain.status(), chain.params(), chain.provider(providerId)])
  return {
    head: status.height,
    blockTimeMs: status.blockTimeMs,
    ask: ask === null ? undefined : { ...ask, pricePerGiBEpoch: BigInt(ask.pricePerGiBEpoch) },
    rules: {
      networkFeeBps: params.networkFeeBps,
      minCollateralShareBps: params.minCollateralShareBps,
      durationMin: params.dealDurationMin,
      durationMax: params.dealDurationMax,
      activateWithinMin: params.activateWithinMin,
    },
  }
}
