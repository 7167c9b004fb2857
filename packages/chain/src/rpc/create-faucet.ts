/** Money for whoever asks, on a devnet only: a transfer from the account that the genesis gave everything. */

import {
  type Address,
  encodeTransaction,
  type FeeParams,
  feeOf,
  GENERAL_LANES,
  type Hash,
  type Signer,
  typedTransaction,
} from '@granary/protocol/messages'
import type { Engine } from '../engine/engine.ts'
import { FaucetLimitError } from './errors.ts'

export interface FaucetParts {
  readonly engine: Engine
  readonly signer: Signer
  readonly genesisHash: Hash
  readonly blockTimeMs: number
  /** The place of the node's key among the genesis' validators, all of which may give from the one account. */
  readonly validator: number
  /** What messages cost in the next block. */
  readonly fees: () => FeeParams
  readonly height: () => number
  /** @default Date.now */
  readonly now?: () => number
}

export interface Faucet {
  /** @throws FaucetLimitError, and what the engine refuses */
  grant(address: Address): Promise<Hash>
}

const GRANT_ATTO_GRN = 1_000n * 10n ** 18n
const GRANTS_PER_ADDRESS = 10
const PERIOD_MS = 3_600_000
/** Addresses that are remembered; when more ask within a period, all wait. */
const ADDRESSES_MAX = 10_000
const TRANSFER_BYTES_MAX = 512
const VALID_FOR_MS = 60_000
/** They may rise before its block. */
const FEE_HEADROOM = 2n

export function createFaucet(parts: FaucetParts): Faucet {
  const { engine, signer, now = Date.now } = parts
  // Of each validator its own, as far as there are lanes: what another gives at the same time has no sequence of this one.
  const lane = parts.validator % GENERAL_LANES
  let grants = new Map<Address, number>()
  let periodEndMs = now() + PERIOD_MS
  // One after the other: two grants must not take the same sequence.
  let last: Promise<unknown> = Promise.resolve()

  async function submitTransfer(to: Address): Promise<Hash> {
    const tx = {
      kind: 'Transfer',
      sender: signer.address,
      lane,
      sequence: engine.nextSequence(signer.address, lane),
      validUntil: parts.height() + Math.ceil(VALID_FOR_MS / parts.blockTimeMs),
      maxFee: feeOf('Transfer', TRANSFER_BYTES_MAX, parts.fees()) * FEE_HEADROOM,
      body: { to, amount: GRANT_ATTO_GRN },
    } as const
    return engine.submit(encodeTransaction(tx, await signer.sign(typedTransaction(parts.genesisHash, tx))))
  }

  function count(address: Address): void {
    if (now() >= periodEndMs) {
      grants = new Map()
      periodEndMs = now() + PERIOD_MS
    }
    const retryAfterSeconds = Math.ceil((periodEndMs - now()) / 1000)
    const granted = grants.get(address) ?? 0
    if (granted >= GRANTS_PER_ADDRESS)
      throw new FaucetLimitError(`${address} has had ${granted} grants of 1000 GRN`, retryAfterSeconds)
    if (granted === 0 && grants.size >= ADDRESSES_MAX)
      throw new FaucetLimitError(`${ADDRESSES_MAX} addresses have asked`, retryAfterSeconds)
    grants.set(address, granted + 1)
  }

  return {
    grant(address) {
      const granted = last.then(() => {
        count(address)
        return submitTransfer(address)
      })
      last = granted.catch(() => undefined)
      return granted
    },
  }
}
