/** Who attacks the pools of a network's validators, each by its own means, through all of them: what it was told is counted by code. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GranaryError } from '@granary/base'
import { devnetPassphrase, readKey } from '@granary/chain/keystore'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import {
  accountSigner,
  encodeTransaction,
  type MessageBodies,
  type Signer,
  type Transaction,
  type TransactionName,
  typedTransaction,
} from '@granary/protocol/messages'
import type { Network } from './comet.ts'
import { fundedSigner, RECEIVER } from './comet-kills.ts'

export interface Attack {
  /** Ends it. @returns how often each code was told, PENDING among them */
  end(): Promise<ReadonlyMap<string, number>>
}

const GRN = 10n ** 18n
/** Each holds at most a quarter of the pool's bytes, and goes through a validator of its own. */
const FLOODERS = 20
const GARBAGE_BYTES = 300_000
const GARBAGE_AT_ONCE = 4
const LANES = 32
const FIRST_PROVING_LANE = 1_024
const PAUSE_MS = 500
const ANSWER_PAUSE_MS = 50
/** Far more than are verified of one sender. */
const WRONG_ANSWERS = 6
const NO_PROVIDER = 7_777
/** More than anything that is ever sent. */
const TOO_LONG_BYTES = 5 << 20

/** What is sent at once; none: not now. */
type Try = (chain: ChainClient, round: number) => Promise<readonly Uint8Array[]>

export async function attackPools(network: Network, providerFolder: string, provider: number): Promise<Attack> {
  const chains = network.validators.map(({ url }) => createChainClient({ url, retries: 0 }))
  const { genesisHash, height } = await chains[0]!.status()
  const state = { isOver: false }
  const told = new Map<string, number>()
  const count = (code: string): void => void told.set(code, (told.get(code) ?? 0) + 1)
  const countError = (error: unknown): void => count(GranaryError.is(error) ? error.code : String(error))
  const owner = accountSigner(
    await readKey(join(providerFolder, 'keystore.json'), await devnetPassphrase(providerFolder)),
  )

  async function sign<N extends TransactionName>(
    signer: Signer,
    kind: N,
    body: MessageBodies[N],
    given: { readonly lane: number; readonly sequence: number; readonly maxFee?: bigint },
  ): Promise<Uint8Array> {
    const rest = { sender: signer.address, validUntil: height + 10_000, maxFee: GRN, ...given }
    const tx = { kind, body, ...rest } as Transaction
    return encodeTransaction(tx, await signer.sign(typedTransaction(genesisHash, tx)))
  }

  async function submit(chain: ChainClient, bytes: Uint8Array): Promise<void> {
    try {
      count((await chain.submit(bytes)).code)
    } catch (error) {
      countError(error)
    }
  }

  async function keepTrying(through: number, next: Try): Promise<void> {
    const chain = chains[through % chains.length]!
    for (let round = 0; !state.isOver; round++) {
      // A node that is too busy to say what it knows is asked again later.
      const sent = await next(chain, round).catch(async (error: unknown) => {
        countError(error)
        await sleep(PAUSE_MS)
        return []
      })
      // One after the other: what is ahead of what is known in its lane is refused without having cost anything.
      for (const bytes of sent) await submit(chain, bytes)
    }
  }

  /** Large messages that fail in a block, for their fee: behind another one of their lane they are not tried before. */
  const flooding = async (at: number): Promise<Try> => {
    const signer = await fundedSigner(network)
    const garbage = new Uint8Array(GARBAGE_BYTES).fill(at)
    return async (chain, round) => {
      const lane = round % LANES
      const sequence = (await chain.account(signer.address)).sequences[lane] ?? 0
      const behind = Array.from({ length: GARBAGE_AT_ONCE }, (_, index) => {
        const body = { provider: NO_PROVIDER, number: index, bundle: garbage }
        return sign(signer, 'ProveCommitSector', body, { lane, sequence: sequence + 1 + index })
      })
      const first = sign(signer, 'Transfer', { to: RECEIVER, amount: 1n }, { lane, sequence })
      return await Promise.all([first, ...behind])
    }
  }
  /** More than it has, in one lane beside the other. */
  const overspending = async (): Promise<Try> => {
    const signer = await fundedSigner(network)
    const amount = (BigInt((await chains[0]!.account(signer.address)).balance) * 2n) / 3n
    return async () => {
      await sleep(PAUSE_MS)
      const body = { to: RECEIVER, amount }
      const given = { sequence: 0, maxFee: GRN / 1_000n }
      return await Promise.all([0, 1].map((lane) => sign(signer, 'Transfer', body, { lane, ...given })))
    }
  }
  /** Wrong answers to a challenge that is open, each of them twice: with the owner's own key, and by a stranger. */
  const answering = (signer: Signer): Try => {
    return async (chain) => {
      await sleep(ANSWER_PAUSE_MS)
      const [open] = await chain.challenges(provider)
      if (open === undefined) return []
      const { partition, epoch: challengeEpoch } = open
      const wrong = Array.from({ length: WRONG_ANSWERS }, (_, fill) => {
        const body = { provider, partition, challengeEpoch, skipped: [], bundle: new Uint8Array(1_000).fill(fill) }
        return sign(signer, 'SubmitPost', body, { lane: FIRST_PROVING_LANE + 500 + fill, sequence: 0 })
      })
      const bytes = await Promise.all(wrong)
      return [...bytes, ...bytes]
    }
  }
  const garbage: Try = async (_, round) => {
    await sleep(PAUSE_MS)
    return [new Uint8Array(TOO_LONG_BYTES).fill(round), new Uint8Array(1_000).fill(round)]
  }

  const floods: Try[] = []
  for (let at = 0; at < FLOODERS; at++) floods.push(await flooding(at))
  const stranger = await fundedSigner(network)
  const tries = [
    ...floods,
    await overspending(),
    ...chains.flatMap(() => [answering(owner), answering(stranger)]),
    garbage,
  ]
  const trying = tries.map((next, through) => keepTrying(through, next))
  return {
    async end() {
      state.isOver = true
      await Promise.all(trying)
      return told
    },
  }
}
