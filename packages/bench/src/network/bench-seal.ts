/**
 * The largest message there is, a proof of replication of 64 GiB, from sending it to one node until all have it in a block. What
 * is sent is forged (`forge-bundle.ts`), since to seal such a sector takes a day: a node takes it because it stands behind another
 * message of its lane, and it fails in its block. The other nodes may refuse it when they hear of it, so that it waits for the
 * turn of its own: what is measured is no less than a true one takes, but for half of its verification, some 40 ms a node.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { fromHex, GranaryError } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { computeCommD } from '@granary/proofs/verify'
import { type ChainClient, createChainClient, sendMessage } from '@granary/protocol/client'
import {
  accountSigner,
  encodeTransaction,
  type Hash,
  hashOf,
  type MessageBodies,
  type Signer,
  type Transaction,
  typedTransaction,
} from '@granary/protocol/messages'
import { type ChainFigure, figureOf } from '../chain/figure.ts'
import { untilCommitted } from '../chain/run-transfers.ts'
import { withWorkshop } from '../proofs/workshop.ts'
import type { NetworkBenchOptions } from './bench-agreement.ts'
import { forgeBundle, forgeReplica } from './forge-bundle.ts'
import { type Network, startNetwork } from './start-network.ts'

const RUNS = 5
/** One that a block came before is refused, and not sent again. */
const SPARE = 5
const PROFILE = profileNamed('64GiB')
const GRN = 10n ** 18n
const COLLATERAL = 100n * GRN
const PROVES_IN_LANE = 1
const POLL_MS = 20
const RUN_MS_MAX = 60_000
const NOTHING = new Uint8Array(0)

interface Seals {
  readonly chain: ChainClient
  readonly owner: Signer
  readonly genesisHash: Hash
  readonly provider: number
}

export function benchSeal({ onProgress, ...options }: NetworkBenchOptions): Promise<ChainFigure[]> {
  const { validators, signal } = options
  return withWorkshop(async (folder) => {
    onProgress?.(`${validators} validators`)
    await using network = await startNetwork(folder, options)
    const seals = await register(network)
    const commD = computeCommD([], PROFILE.sectorBytes)
    const replicas = Array.from({ length: RUNS + SPARE }, forgeReplica)
    await preCommit(
      seals,
      replicas.map(({ commR }) => commR),
      commD,
    )
    const values: number[] = []
    let bytes = 0
    for (const [number, replica] of replicas.entries()) {
      if (values.length === RUNS) break
      onProgress?.(`proof ${values.length + 1} of ${RUNS}`)
      const inTime = AbortSignal.any([AbortSignal.timeout(RUN_MS_MAX), ...(signal === undefined ? [] : [signal])])
      const { ticket, seed } = await draws(seals, number, inTime)
      const { provider } = seals
      const bundle = forgeBundle(replica, { profile: PROFILE, provider, sectorNumber: number, ticket, seed, commD })
      bytes = bundle.length
      const ms = await proveBehind(seals, network.urls, { provider, number, bundle }, inTime)
      if (ms !== undefined) values.push(ms)
    }
    if (values.length < RUNS) throw new Error(`${RUNS - values.length} proofs of ${RUNS} came behind a block`)
    const name = `ProveCommitSector of ${(bytes / 1e6).toFixed(2)} MB, from sending until all nodes have it in a block`
    return [figureOf({ name, unit: 'ms', must: 10_000, goal: 4_000 }, values)]
  })
}

async function register({ urls, genesisHash }: Network): Promise<Seals> {
  const chain = createChainClient({ url: urls[0]! })
  const owner = accountSigner(new Uint8Array(randomBytes(32)))
  await chain.faucet(owner.address)
  const profile = { payout: owner.address, sessionKey: NOTHING, endpoints: [], peerId: '', region: '', name: '' }
  const { events } = await sendMessage({ chain, signer: owner, kind: 'RegisterProvider', body: profile })
  const provider = Number(events.find((event) => event.type === 'provider:registered')?.provider)
  await sendMessage({ chain, signer: owner, kind: 'DepositCollateral', body: { provider, amount: COLLATERAL } })
  return { chain, owner, genesisHash, provider }
}

async function preCommit({ chain, owner, provider }: Seals, commRs: readonly Uint8Array[], commD: Uint8Array) {
  const [{ height }, params] = await Promise.all([chain.status(), chain.params()])
  const expiry = height + params.commitExpiry + params.dealDurationMax
  const sectors = commRs.map((commR, number) => {
    return { number, profile: PROFILE.name, commD, commR, ticketEpoch: height - 1, deals: [], expiry }
  })
  await sendMessage({ chain, signer: owner, kind: 'PreCommitSectors', body: { provider, sectors } })
}

async function draws({ chain, provider }: Seals, number: number, signal: AbortSignal) {
  for (;;) {
    const { seed, ticketEpoch } = await chain.sector(provider, number)
    if (seed !== undefined) {
      const query = { tag: 'TICKET', epoch: ticketEpoch, provider, sector: number } as const
      return { seed: fromHex(seed), ticket: fromHex((await chain.randomness(query)).randomness) }
    }
    await sleep(POLL_MS, undefined, { signal })
  }
}

/** @returns how long it took; undefined where a block came before it */
async function proveBehind(
  seals: Seals,
  urls: readonly string[],
  body: MessageBodies['ProveCommitSector'],
  signal: AbortSignal,
): Promise<number | undefined> {
  const { chain, owner } = seals
  const lane = PROVES_IN_LANE
  const sequence = (await chain.account(owner.address)).sequences[lane] ?? 0
  const first = await signed(seals, { kind: 'Transfer', lane, sequence, body: { to: owner.address, amount: 1n } })
  const second = await signed(seals, { kind: 'ProveCommitSector', lane, sequence: sequence + 1, body })
  await nextBlock(chain, signal)
  await chain.submit(first.bytes)
  const startMs = performance.now()
  try {
    await chain.submit(second.bytes)
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'POREP_INVALID') return undefined
    throw error
  }
  for (const url of urls) await untilCommitted(createChainClient({ url }), [second.id], signal)
  return performance.now() - startMs
}

async function signed(
  { owner, genesisHash }: Seals,
  given: Pick<Transaction<'Transfer'> | Transaction<'ProveCommitSector'>, 'kind' | 'lane' | 'sequence' | 'body'>,
): Promise<{ readonly id: Hash; readonly bytes: Uint8Array }> {
  const tx = { ...given, sender: owner.address, validUntil: 1_000_000, maxFee: GRN } as Transaction
  const message = typedTransaction(genesisHash, tx)
  return { id: hashOf(message.digest), bytes: encodeTransaction(tx, await owner.sign(message)) }
}

async function nextBlock(chain: ChainClient, signal: AbortSignal): Promise<void> {
  const { height } = await chain.status()
  while ((await chain.status()).height === height) await sleep(POLL_MS, undefined, { signal })
}
