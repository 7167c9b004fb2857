/** What there is before anything is asked: the chain and its market, the disk, and how fast this machine seals. */
import { statfs } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import { type NamedProfile, profileNamed, profiles } from '@granary/proofs/profile'
import type { ChainClient, ChainStatus } from '@granary/protocol/client'
import { amountFor, takenProfiles } from '@granary/provider/operator'
import { openChain } from '../open-chain.ts'
import { CHAIN_URL_DEFAULT } from '../options.ts'
import { passphraseOf } from '../passphrase.ts'
import { createProgress } from '../print/progress.ts'
import type { CommandContext } from '../program-context.ts'
import { providerFolder } from '../provider-home.ts'
import { measureDisk, measureSealing, type SealingSpeed, sealingTimeMs } from './measure-machine.ts'
import { type PriceSuggestion, suggestPrice } from './suggest-terms.ts'

export interface LookAroundInput {
  readonly home: string
  readonly options: {
    readonly chain?: string
    readonly profile?: string
    readonly passphraseFile?: string
    readonly json?: true
  }
  readonly context: CommandContext
  readonly signal: AbortSignal
}

export interface Surroundings {
  readonly chainUrl: string
  /** Undefined: it does not answer yet. */
  readonly status: ChainStatus | undefined
  readonly devnet: boolean
  readonly profile: NamedProfile
  readonly price: PriceSuggestion
  readonly speed: SealingSpeed
  /** Of one sector. */
  readonly sealingMs: number
  readonly diskBytesPerSecond: number
  readonly freeBytes: number
  /** Of collateral, for each sector as long as it lasts, in attoGRN; undefined: only the chain knows. */
  readonly lockedPerSector: bigint | undefined
}

/** Where the chain does not say: the smallest that a chain takes which is made with what is there by default. */
const PROFILE_ELSEWHERE = profiles['4GiB']
const PRICE_DEFAULT = 10n ** 15n

/** @throws PROFILE_UNKNOWN, PASSPHRASE_MISSING, CHAIN_FOREIGN, …, what the disk says */
export async function lookAround({ home, options, context, signal }: LookAroundInput): Promise<Surroundings> {
  using progress = await createProgress(context, { form: options.json ? 'none' : 'text' })
  const named = options.profile === undefined ? undefined : profileNamed(options.profile)
  const chainUrl = options.chain ?? CHAIN_URL_DEFAULT
  progress.show({ name: 'init', step: 'asking the chain' })
  const open = await openChain({ chain: chainUrl }, signal).catch((error: unknown) => {
    if (GranaryError.is(error) && error.code === 'CHAIN_UNREACHABLE') return undefined
    throw error
  })
  // Nobody should wait, and answer questions, only to be told that it is missing.
  const folder = providerFolder(home)
  await passphraseOf({ passphraseFile: options.passphraseFile, devnet: open?.devnet ?? false, folder })
  const market = open === undefined ? undefined : await marketOf(open.chain, open.status, signal)
  const profile = named ?? (open?.devnet ? profiles['8MiB-dev'] : market?.smallest) ?? PROFILE_ELSEWHERE
  progress.show({ name: 'init', step: 'sealing a small sector, to see how long this machine takes' })
  const speed = await measureSealing(folder, signal)
  progress.show({ name: 'init', step: 'writing to the disk, to see how fast it is' })
  const diskBytesPerSecond = await measureDisk(folder, signal)
  const { bavail, bsize } = await statfs(folder)
  progress.end('init')
  return {
    chainUrl,
    status: open?.status,
    devnet: open?.devnet ?? false,
    profile,
    price: market?.price ?? { price: PRICE_DEFAULT, asks: 0 },
    speed,
    sealingMs: sealingTimeMs(speed, profile),
    diskBytesPerSecond,
    freeBytes: bavail * bsize,
    lockedPerSector: market === undefined ? undefined : amountFor(market.lockedPerGiB, profile.sectorBytes),
  }
}

interface Market {
  readonly smallest: NamedProfile | undefined
  readonly price: PriceSuggestion
  /** Pledge and deposit, attoGRN. */
  readonly lockedPerGiB: bigint
}

async function marketOf(chain: ChainClient, status: ChainStatus, signal: AbortSignal): Promise<Market> {
  const [taken, params, price] = await Promise.all([
    takenProfiles(chain, signal),
    chain.params({ signal }),
    suggestPrice(chain, status, PRICE_DEFAULT, signal),
  ])
  const [smallest] = taken.toSorted((a, b) => a.sectorBytes - b.sectorBytes)
  return { smallest, price, lockedPerGiB: params.pledgePerGiB + params.preCommitDepositPerGiB }
}
