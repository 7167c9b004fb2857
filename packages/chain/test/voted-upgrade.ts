/** A devnet in a folder whose validator has voted for an upgrade: as a node has made its blocks, with a clock of their own. */

import { hashTxs } from '@granary/protocol/header'
import type { Hash, MessageBodies, TransactionName } from '@granary/protocol/messages'
import { accountSigner, encodeTransaction, type Transaction, typedTransaction } from '@granary/protocol/messages'
import { genesisHash } from '@granary/protocol/records'
import { commitBlock } from '../src/engine/commit/commit-block.ts'
import { commitGenesis } from '../src/engine/commit/commit-genesis.ts'
import { createHeaderSigner } from '../src/engine/commit/create-header-signer.ts'
import { homeFiles } from '../src/home/home-files.ts'
import { readHome } from '../src/home/read-home.ts'
import { initChain } from '../src/main.ts'
import { createStateMachine } from '../src/state/index.ts'
import { dealKeys } from '../src/store/deal-keys.ts'
import { openStore } from '../src/store/open-store.ts'

const BLOCK_TIME_MS = 250
/** A devnet's vote and its delay, in blocks, and some more. */
const BLOCKS = 4 * (20 + 5) + 5

/**
 * @param blocksLeft until the rules are needed
 * @returns the first block that needs rules 2
 */
export async function initVotedUpgrade(home: string, blocksLeft: number): Promise<number> {
  const upgradeAt = BLOCKS + 1 + blocksLeft
  await initChain({ home, devnet: true, blockTimeMs: BLOCK_TIME_MS })
  const { genesis, validatorKey, faucetKey } = await readHome(home)
  const chain = genesisHash(genesis)
  const owner = accountSigner(faucetKey!)
  const store = openStore({ path: homeFiles(home).database, dealKeys })
  try {
    const machine = createStateMachine({ reader: store.reader })
    const sign = createHeaderSigner(genesis, validatorKey)
    commitGenesis({ store, machine, genesis, sign })
    const upgrade = { title: 'new rules', link: '', changes: [], upgradeAt, rules: 2, release: 'granary 2' }
    const signed = [
      message(chain, owner, 0, 'SubmitProposal', upgrade),
      message(chain, owner, 1, 'Vote', { proposal: 1, choice: 'yes' }),
    ]
    for (let height = 1; height <= BLOCKS; height++) {
      const { hash: previousHash, appHash } = store.head()!
      const timeMs = genesis.timeMs + height * BLOCK_TIME_MS
      const txs = signed.slice(height - 1, height)
      const block = { height, timeMs, txs }
      const finalized = machine.finalizeBlock(block)
      const header = sign({ height, timeMs, previousHash, txsHash: hashTxs(txs), appHash })
      commitBlock(store, { block, header, finalized })
    }
  } finally {
    store.close()
  }
  return upgradeAt
}

function message<N extends TransactionName>(
  chain: Hash,
  signer: ReturnType<typeof accountSigner>,
  sequence: number,
  kind: N,
  body: MessageBodies[N],
): Uint8Array {
  const envelope = { sender: signer.address, lane: 0, sequence, validUntil: 1_000, maxFee: 10n ** 18n }
  const tx = { ...envelope, kind, body } as unknown as Transaction
  return encodeTransaction(tx, signer.sign(typedTransaction(chain, tx)) as Uint8Array)
}
