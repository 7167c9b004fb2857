/** What the commands that fetch content share: whom they ask, and which part of it. No key is needed for any of them. */
import { GranaryError } from '@granary/base'
import type { ChainClient } from '@granary/protocol/client'
import { type Command, InvalidArgumentError } from 'commander'
import { type ChainOptions, httpUrl, withChain } from './options.ts'

export interface RetrievalOptions extends ChainOptions {
  readonly gateway: readonly string[]
}

export interface ByteRange {
  readonly start: number
  readonly end?: number
}

export const contentArgument = 'CID as put prints it, with a path below it if you like: CID/a/b, ipfs://CID/a'

export function withRetrieval(command: Command): Command {
  return withChain(command).option(
    '--gateway <url>',
    'trustless gateway to ask for what no provider gives (may be repeated)',
    (url: string, others: readonly string[]) => [...others, httpUrl(url)],
    [],
  )
}

/** As HTTP counts: both are the numbers of bytes that are wanted, from 0. */
export function byteRange(text: string): ByteRange {
  const [, first, last] = /^(\d{1,15})-(\d{1,15})?$/.exec(text) ?? []
  if (first === undefined || (last !== undefined && Number(last) < Number(first)))
    throw new InvalidArgumentError('expected FIRST-LAST or FIRST-, such as 0-1023.')
  return { start: Number(first), ...(last === undefined ? {} : { end: Number(last) + 1 }) }
}

/** A chain that does not answer is waited for; where gateways are given, they answer without it. */
export async function openContentChain(
  { chain: url, genesis, witness, gateway }: RetrievalOptions,
  signal: AbortSignal,
): Promise<ChainClient> {
  const [{ genesisOf, openChain }, { createChainClient }] = await Promise.all([
    import('./open-chain.ts'),
    import('@granary/protocol/client'),
  ])
  try {
    return (await openChain({ chain: url, genesis, witness }, signal)).chain
  } catch (error) {
    // A node of another chain than the one that is meant does answer.
    const isOther = GranaryError.is(error) && error.code === 'GENESIS_MISMATCH'
    if (gateway.length === 0 || signal.aborted || isOther) throw error
    return createChainClient({ url, retries: 0, genesisHash: genesisOf(genesis) })
  }
}
