/** Reads and writes the records of which the state has exactly one: genesis, parameters, head. */
import { equalBytes } from '@granary/base'
import { decodeRecord, encodeRecord } from '@granary/protocol/codec'
import { APP_HASH_KEY } from '@granary/protocol/header'
import { type Hash, hashOf } from '@granary/protocol/messages'
import {
  type ChainParams,
  chainParams,
  GENESIS_KEY,
  type Genesis,
  genesisStruct,
  PARAMS_KEY,
} from '@granary/protocol/records'
import { InvariantError } from './errors.ts'
import type { StateReader, Store } from './store.ts'
import { tables } from './tables.ts'

export interface HeadView {
  readonly height: number
  readonly timeMs: number
  readonly appHash: Hash
}

export function readHead(reader: StateReader): HeadView {
  const head = tables.head.get(reader)
  if (head === undefined) throw new InvariantError('the state has no head')
  return { ...head, appHash: hashOf(required(reader, APP_HASH_KEY)) }
}

export function readParams(reader: StateReader): ChainParams {
  return decodeRecord(chainParams, required(reader, PARAMS_KEY))
}

/**
 * A {@link readParams} for whoever asks at each transaction: it decodes the record again only when its bytes have changed.
 */
export function rememberingParams(): typeof readParams {
  let known: { readonly bytes: Uint8Array; readonly params: ChainParams } | undefined
  return (reader) => {
    const bytes = required(reader, PARAMS_KEY)
    if (known === undefined || !equalBytes(known.bytes, bytes)) {
      known = { bytes, params: decodeRecord(chainParams, bytes) }
    }
    return known.params
  }
}

export function writeParams(store: Store, params: ChainParams): void {
  store.put(PARAMS_KEY, encodeRecord(chainParams, params))
}

export function readGenesis(reader: StateReader): Genesis {
  return decodeRecord(genesisStruct, required(reader, GENESIS_KEY))
}

export function writeGenesis(store: Store, genesis: Genesis): void {
  store.put(GENESIS_KEY, encodeRecord(genesisStruct, genesis))
  writeParams(store, genesis.params)
}

function required(reader: StateReader, key: string): Uint8Array {
  const bytes = reader.get(key)
  if (bytes === undefined) throw new InvariantError(`the state has no ${key}: initChain comes first`)
  return bytes
}
