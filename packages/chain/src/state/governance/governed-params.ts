/**
 * The parameters that a vote may change, and how far: narrower than what a genesis may begin with. All others stay what they
 * were, because a challenge, a lock or a promise that is open was made by them: docs/spec/governance.md says for each why.
 */
import type { ChainParams } from '@granary/protocol/records'
import type { Bound } from './param-bounds.ts'

const GRN = 10n ** 18n
const YEAR_MS = 365 * 86_400_000
const QUARTER_MS = 90 * 86_400_000

export interface GovernedParam {
  /** In a chain whose parameters are these at present. */
  readonly bound: (now: ChainParams) => Bound
  /** Why it lies there. */
  readonly why: string
}

type AmountName = { [N in keyof ChainParams]: ChainParams[N] extends bigint ? N : never }[keyof ChainParams]
type NumberName = { [N in keyof ChainParams]: ChainParams[N] extends number ? N : never }[keyof ChainParams]
type Governed = AmountName | NumberName

const between = (min: bigint, max: bigint) => (): Bound => ({ min, max })

export const governedParams: { readonly [N in Governed]?: GovernedParam } = {
  feeBase: {
    bound: between(GRN / 1_000_000n, GRN / 100n),
    why: 'above nothing, or the pool would be filled for free; a message stays affordable to who has a hundredth of a GRN',
  },
  feeByte: {
    bound: between(GRN / 10_000_000_000n, GRN / 10_000_000n),
    why: 'above nothing, as the base; the longest proof of replication, of 3 MiB, costs a third of a GRN at most',
  },
  feeUnit: {
    bound: between(GRN / 10_000_000_000n, GRN / 10_000_000n),
    why: 'above nothing, as the base; to have that proof verified costs less than its bytes',
  },
  feeProving: {
    bound: between(GRN / 1_000_000n, GRN / 1_000n),
    why: 'above nothing, as the base; no vote prices an answer out, which is due whatever it costs',
  },
  accountFee: { bound: between(0n, GRN / 10n), why: 'a new account and a deal stay affordable' },
  minCollateralShareBps: {
    bound: between(500n, 5_000n),
    why: 'below a twentieth leaving a deal costs nothing; above half few could offer any. Deals that stand keep theirs',
  },
  pledgePerGiB: {
    bound: between(GRN / 1_000n, 5n * GRN),
    why: 'above nothing, since the least fee for a miss is counted in it. Sectors that stand keep theirs',
  },
  preCommitDepositPerGiB: {
    bound: between(GRN / 1_000n, 5n * GRN),
    why: 'above nothing, or places would be kept for free. Sectors that wait keep theirs',
  },
  partitionDeposit: {
    bound: between(GRN / 1_000n, 10n * GRN),
    why: 'above nothing, or slots would be filled for free. Partitions that stand keep theirs',
  },
  recoveriesPerEpoch: { bound: between(1n, 16n), why: 'the queue moves, and what is drawn fits into a block' },
  dealDurationMin: {
    bound: ({ provingPeriod, dealDurationMax, blockTimeMs }) => ({
      min: BigInt(provingPeriod),
      max: BigInt(Math.min(dealDurationMax, Math.floor(QUARTER_MS / blockTimeMs))),
    }),
    why: 'a deal is challenged once at least; who stores for a quarter of a year always may',
  },
  dealDurationMax: {
    bound: ({ dealDurationMax, blockTimeMs }) => ({
      min: BigInt(dealDurationMax),
      max: BigInt(Math.max(dealDurationMax, Math.floor((10 * YEAR_MS) / blockTimeMs))),
    }),
    why: 'it only grows, or a deal that was published could not be put into a sector that lasts as long; ten years at most',
  },
  activateWithinMin: {
    bound: ({ seedDelay, commitExpiry }) => ({ min: BigInt(seedDelay + 1), max: BigInt(commitExpiry) }),
    why: 'no sector is proven before its seed, and none is waited for longer than it may take',
  },
}

export function isGoverned(name: string): name is Governed {
  return Object.hasOwn(governedParams, name)
}

export function paramValue(params: ChainParams, name: Governed): bigint {
  return BigInt(params[name])
}

/** With one of them changed: as an amount or a number, as it was. */
export function withParam(params: ChainParams, name: Governed, value: bigint): ChainParams {
  return { ...params, [name]: typeof params[name] === 'bigint' ? value : Number(value) }
}
