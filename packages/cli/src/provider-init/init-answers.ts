/** What the owner decides: by the options, on a terminal by answers to questions, and else by default. */
import { type Address, parseAddress } from '@granary/protocol/messages'
import type { InitialConfig } from '@granary/provider'
import { grn, storageBytes } from '../options.ts'
import { formatAmount } from '../print/amounts.ts'
import { somebodyWatches } from '../print/ask.ts'
import { formatBytes } from '../print/quantities.ts'
import type { CommandContext } from '../program-context.ts'
import { askFor, type Question } from './ask-answers.ts'
import type { Surroundings } from './look-around.ts'
import * as parse from './parse-answers.ts'
import { promiseFor } from './suggest-terms.ts'

export interface GivenAnswers {
  readonly disks?: readonly string[]
  /** Bytes. */
  readonly capacity?: number
  readonly region?: string
  /** attoGRN of a GiB an epoch. */
  readonly price?: bigint
  readonly publicUrl?: string
  readonly owner?: string
  readonly name?: string
  readonly yes?: true
  readonly json?: true
}

export interface InitAnswers {
  readonly volumes: readonly string[]
  readonly owner: Address | undefined
  readonly config: InitialConfig
}

export interface InitAnswersInput {
  readonly options: GivenAnswers
  readonly seen: Surroundings
  readonly context: CommandContext
  readonly signal: AbortSignal
}

const MONTH_MS = 30 * 86_400_000

/** @throws an abort error at Ctrl-C */
export async function initAnswers({ options, seen, context, signal }: InitAnswersInput): Promise<InitAnswers> {
  const asks = !options.yes && !options.json && somebodyWatches(context)
  const answer = async <T>(given: T | undefined, question: Question<T>): Promise<T | undefined> =>
    given ?? (asks ? await askFor(context, question, signal) : undefined)
  const volumes = await answer(options.disks, {
    text: 'Empty folders on other disks, with commas between them?',
    otherwise: 'none, only the disk of the home',
    parse: parse.folders,
  })
  const capacity = await answer(options.capacity, {
    text: 'How much is rented out (GiB, or 1.5TiB)?',
    otherwise: `all that is free but a reserve; the disk of the home has ${formatBytes(seen.freeBytes)} free`,
    parse: storageBytes,
  })
  const region = await answer(options.region, {
    text: 'Where is it, in a word for clients that care?',
    otherwise: 'not said',
    parse: parse.region,
  })
  const price = await answer(options.price, {
    text: 'Price of a GiB an epoch, in GRN?',
    otherwise: priceText(seen),
    parse: grn,
  })
  const publicUrl = await answer(options.publicUrl, {
    text: 'Address that clients reach it under?',
    otherwise: 'http://127.0.0.1:7470, for this machine alone',
    parse: parse.publicUrl,
  })
  const owner = await answer(options.owner, {
    text: 'Address of the account that owns it, if its key is kept elsewhere?',
    otherwise: 'a new key here',
    parse: parse.account,
  })
  const activateWithinMs = promiseFor(seen.sealingMs)
  return {
    volumes: volumes ?? [],
    owner: owner === undefined ? undefined : parseAddress(owner),
    config: {
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(region === undefined ? {} : { region }),
      ...(publicUrl === undefined ? {} : { publicUrl }),
      ...(capacity === undefined ? {} : { capacityBytes: capacity }),
      ...(activateWithinMs === undefined ? {} : { activateWithinMs }),
      ask: { pricePerGiBEpoch: `${price ?? seen.price.price}` },
    },
  }
}

function priceText({ price: { price, asks }, status }: Surroundings): string {
  const whose = asks === 0 ? 'nobody asks for anything yet' : `the median of ${asks === 1 ? 'one ask' : `${asks} asks`}`
  const month = status === undefined ? '' : `, ${formatAmount(price * epochsIn(status.blockTimeMs))} for 30 d`
  return `${formatAmount(price)}: ${whose}${month}`
}

function epochsIn(blockTimeMs: number): bigint {
  return BigInt(Math.floor(MONTH_MS / blockTimeMs))
}
