/**
 * What a day of idle sectors leaves in the node's file, with the parameters of production: blocks, rounds of the beacon,
 * answers to challenges without their bundles, events. What the state itself holds comes and goes, and is not in it.
 */
import { DatabaseSync } from 'node:sqlite'
import { dealKeys, homeFiles, openStore, partitionOf, type Store } from '@granary/chain/internal'
import {
  beaconRoundFor,
  createStateMachine,
  draw,
  entropyOf,
  readGenesis,
  readHead,
  type StateReader,
} from '@granary/chain/state'
import { profileNamed } from '@granary/proofs/profile'
import { postBundleBytes } from '@granary/proofs/verify'
import { ACCOUNT_SIGNATURE_BYTES, type Address, addressOf, encodeTransaction } from '@granary/protocol/messages'
import { commitFinalized } from './commit-finalized.ts'
import { type BenchOptions, type ChainFigure, figureOf } from './figure.ts'
import { seedState } from './seed-state.ts'
import { withTemporaryHome } from './temporary-home.ts'
import { MAX_FEE, verdictsFor } from './transfers-of.ts'

const BLOCKS = 2_000
const ACCOUNTS = 1_000
const DAY_MS = 86_400_000
const ROUND_SIGNATURE_BYTES = 48

export interface GrowthOptions extends BenchOptions {
  /** @default 100,000 */
  readonly sectors?: number
}

interface Challenge {
  readonly provider: number
  readonly partition: number
  readonly epoch: number
}

export async function benchGrowth({ sectors = 100_000, signal, onProgress }: GrowthOptions = {}): Promise<ChainFigure> {
  return withTemporaryHome(async (home) => {
    const path = homeFiles(home.home).database
    onProgress?.(`growth: ${sectors} sectors`)
    withStore(path, (store) => seedState(store, home, { accounts: ACCOUNTS, sectors }))
    signal?.throwIfAborted()
    const before = historyBytes(path)
    onProgress?.(`growth, ${BLOCKS} blocks`)
    const blockTimeMs = withStore(path, (store) => idleBlocks(store, addressOf(home.faucetKey!)))
    const blocksADay = DAY_MS / blockTimeMs
    const name = `growth in a day of ${sectors.toLocaleString('en')} idle sectors, bundles dropped`
    const megabytes = ((historyBytes(path) - before) * blocksADay) / BLOCKS / 1e6
    return figureOf({ name, unit: 'MB', must: 20 }, [megabytes])
  })
}

function withStore<T>(path: string, work: (store: Store) => T): T {
  const store = openStore({ path, dealKeys })
  try {
    return work(store)
  } finally {
    store.close()
  }
}

/** Each challenge is answered in the block after it, and the bundle dropped. @returns the block time */
function idleBlocks(store: Store, sender: Address): number {
  const { reader } = store
  const genesis = readGenesis(reader)
  const machine = createStateMachine({ reader, verifiers: { ...verdictsFor(sender), beacon: () => true } })
  let open: readonly Challenge[] = []
  let sequence = 0
  for (let block = 0; block < BLOCKS; block += 1) {
    const head = readHead(reader)
    const height = head.height + 1
    const timeMs = head.timeMs + genesis.blockTimeMs
    const candidates = open.map((challenge) => answerTo(reader, sender, sequence++, challenge))
    const round = beaconRoundFor(genesis, head.timeMs)
    const beacon = [{ round, signature: new Uint8Array(ROUND_SIGNATURE_BYTES).fill(round) }]
    const txs = machine.prepareBlock({ height, timeMs, candidates, beacon })
    const finalized = machine.finalizeBlock({ height, timeMs, txs })
    if (txs.length !== 1 + open.length) throw new Error(`block ${height} left an answer out`)
    commitFinalized(store, { height, timeMs, txs }, finalized)
    open = finalized.events.filter((event) => event.type === 'challenge:opened')
  }
  store.dropProofs(0, readHead(reader).height + 1)
  return genesis.blockTimeMs
}

/** As long as a true one. */
function answerTo(
  reader: StateReader,
  sender: Address,
  sequence: number,
  { provider, partition, epoch: challengeEpoch }: Challenge,
): Uint8Array {
  const { profile, sound: sectors } = partitionOf(reader, provider, partition)
  const randomness = draw(reader, 'POST', challengeEpoch, entropyOf(provider, partition))
  if (randomness === undefined) throw new Error(`epoch ${challengeEpoch} has no randomness`)
  const count = readGenesis(reader).params.postSamples
  const length = postBundleBytes({ profile: profileNamed(profile), provider, partition, randomness, count, sectors })
  const body = { provider, partition, challengeEpoch, skipped: [], bundle: new Uint8Array(length) }
  const envelope = { sender, lane: 0, sequence, validUntil: 1_000_000, maxFee: MAX_FEE }
  return encodeTransaction({ kind: 'SubmitPost', ...envelope, body }, new Uint8Array(ACCOUNT_SIGNATURE_BYTES))
}

/** Of what only ever grows. */
function historyBytes(path: string): number {
  const database = new DatabaseSync(path)
  try {
    database.exec('VACUUM')
    const row = database
      .prepare(
        "SELECT sum(pgsize) AS bytes FROM dbstat WHERE name IN ('blocks', 'txs', 'events') OR name LIKE '%_txs_%'",
      )
      .get()
    return Number(row?.bytes)
  } finally {
    database.close()
  }
}
