/** The chain: whether its node answers and makes blocks, and how fast it does. */
import { GranaryError } from '@granary/base'
import { type ChainClient, type ChainStatus, createChainClient } from '@granary/protocol/client'
import { withDevnets } from '../config/noted-devnets.ts'
import { type ChainNamed, genesisOf, ofChain } from '../open-chain.ts'
import { formatDuration } from '../print/times.ts'
import type { ProgramContext } from '../program-context.ts'
import type { Finding } from './finding.ts'

/** So many blocks may be late before that is more than jitter. */
const LATE_BLOCKS = 20
const LATE_MIN_MS = 30_000
/** A record that every chain has. */
const HEAD_KEY = 'head'

export interface FoundChain {
  readonly finding: Finding
  readonly chain?: ChainClient
  readonly status?: ChainStatus
}

export async function checkChain(
  { chain: url, genesis, witness = [] }: ChainNamed,
  nowMs: number,
  signal?: AbortSignal,
  env?: ProgramContext['env'],
): Promise<FoundChain> {
  const check = 'chain'
  const meant = genesisOf(genesis)
  const chain = createChainClient({ url, retries: 0, genesisHash: meant })
  const status = await ofChain(meant, witnessedStatus(chain, witness, signal)).catch((error: unknown) => {
    if (!GranaryError.is(error)) throw error
    return error
  })
  if (GranaryError.is(status)) {
    const { message, code, hint } = env === undefined ? status : await withDevnets(status, { env })
    return { finding: { check, state: 'wrong', says: message, fix: hint, code, details: { url } } }
  }
  const { chainId, devnet, height, timeMs, blockTimeMs, clock, genesisHash, version } = status
  const ageMs = nowMs - timeMs
  const details = { url, chainId, devnet, height, ageMs, genesisHash, version, stalled: clock.stalled }
  const name = `${chainId}${devnet ? ' (a devnet)' : ''} at ${url}`
  if (clock.stalled !== null) {
    const says = `${name} makes no blocks since block ${height}: ${clock.stalled}`
    const fix = 'wait, or ask who runs the node; its log says more'
    return { finding: { check, state: 'wrong', says, fix, code: 'CHAIN_STOPPED', details }, chain, status }
  }
  if (ageMs > Math.max(LATE_BLOCKS * blockTimeMs, LATE_MIN_MS)) {
    const says = `${name}: its last block, ${height}, is ${formatDuration(ageMs)} old`
    const fix =
      'the node is behind or stands still: use another with --chain, or ask who runs it; or this clock is ahead'
    return { finding: { check, state: 'wrong', says, fix, code: 'CHAIN_BEHIND', details }, chain, status }
  }
  const says = `${name}, in step: block ${height}, one each ${blockTimeMs / 1_000} s`
  return { finding: { check, state: 'ok', says, details }, chain, status }
}

/** The head, and that other nodes show the same chain. */
async function witnessedStatus(
  chain: ChainClient,
  witness: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ChainStatus> {
  const status = await chain.status({ signal })
  if (witness.length === 0) return status
  const { witnessedChain } = await import('@granary/protocol/light')
  const others = witness.map((url) => createChainClient({ url, retries: 0, genesisHash: status.genesisHash }))
  await witnessedChain(chain, others).proof(HEAD_KEY, { signal })
  return status
}
