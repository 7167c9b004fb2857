/** A chain that answers. */
import { GranaryError, isLoopbackUrl } from '@granary/base'
import { type ChainClient, type ChainStatus, createChainClient } from '@granary/protocol/client'
import type { Hash } from '@granary/protocol/messages'
import { genesisHash, trustedHeader } from './options.ts'
import { UsageError } from './usage-error.ts'

/** About a quarter of a minute: a node that restarts in the middle of a put is waited for. */
const RETRIES = 12

export interface OpenChain {
  readonly chain: ChainClient
  readonly status: ChainStatus
  /**
   * A devnet of this machine. Its keys are made and opened unasked, and its play money is spent so: another node that calls
   * itself a devnet may be one of a chain where the same messages count.
   */
  readonly devnet: boolean
}

/** A node, and which chain it is to be of. */
export interface ChainNamed {
  /** Address of the node. */
  readonly chain: string
  /** Hash of its genesis; undefined: that of the first answer. */
  readonly genesis?: string | undefined
  /** Addresses of others, which have to show the same. */
  readonly witness?: readonly string[] | undefined
}

/**
 * Each answer names its chain, so that to compare it takes no question more.
 * @throws ChainUnreachableError at once when nobody is there: patience is for later; GenesisMismatchError; UsageError
 */
export async function openChain(
  { chain: url, genesis, witness = [] }: ChainNamed,
  signal?: AbortSignal,
): Promise<OpenChain> {
  const meant = genesisOf(genesis)
  const status = await ofChain(meant, createChainClient({ url, retries: 1, genesisHash: meant }).status({ signal }))
  const nodeAt = (url: string) => createChainClient({ url, retries: RETRIES, genesisHash: status.genesisHash })
  const chain = witness.length === 0 ? nodeAt(url) : await withWitnesses(nodeAt(url), witness.map(nodeAt))
  return { chain, status, devnet: status.devnet && isLoopbackUrl(url) }
}

async function withWitnesses(chain: ChainClient, witnesses: readonly ChainClient[]): Promise<ChainClient> {
  const { witnessedChain } = await import('@granary/protocol/light')
  return witnessedChain(chain, witnesses)
}

/** The environment and files give it too, so commander has not looked at it. @throws UsageError */
export function genesisOf(genesis: string | undefined): Hash | undefined {
  return parsed('--genesis', genesis, genesisHash)
}

/** As `genesisOf`. */
export function trustedHeaderOf({ trustedHeader: text }: { readonly trustedHeader?: string | undefined }) {
  return parsed('--trusted-header', text, trustedHeader)
}

function parsed<T>(flag: string, text: string | undefined, parse: (text: string) => T): T | undefined {
  try {
    return text === undefined ? undefined : parse(text)
  } catch (error) {
    throw new UsageError(`${flag} is ${JSON.stringify(text)}: ${(error as Error).message}`)
  }
}

/** What a first answer of another chain is: not that the node has changed, but that it is not the one that was meant. */
export async function ofChain<T>(meant: Hash | undefined, asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (meant === undefined || !GranaryError.is(error) || error.code !== 'CHAIN_FOREIGN') throw error
    const { GenesisMismatchError } = await import('@granary/client/node')
    const { url, found } = error.details as { readonly url: string; readonly found: Hash }
    throw new GenesisMismatchError(url, meant, found)
  }
}
