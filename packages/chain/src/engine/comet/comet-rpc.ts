/** What is asked of CometBFT's own RPC, on the loopback: JSON-RPC 2.0, https://docs.cometbft.com/v0.38/rpc. */
import * as z from 'zod'
import type { Consensus } from './create-comet-engine.ts'
import { ConsensusUnreachableError } from './errors.ts'

const ANSWER_MS_MAX = 10_000

const answer = z.object({
  result: z.unknown().optional(),
  error: z.object({ message: z.string(), data: z.string().optional() }).optional(),
})

/** CometBFT remembers what it has passed on: it is there. */
const ALREADY_THERE = /tx already exists in cache/

export function createCometRpc(url: string): Consensus {
  async function call(method: string, params: object): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const headers = { 'content-type': 'application/json' }
    const signal = AbortSignal.timeout(ANSWER_MS_MAX)
    const response = await fetch(url, { method: 'POST', body, headers, signal })
    const { result, error } = answer.parse(await response.json())
    if (error !== undefined) throw new Error(`${error.message} ${error.data ?? ''}`.trim())
    return result
  }

  return {
    async broadcast(bytes) {
      try {
        await call('broadcast_tx_sync', { tx: Buffer.from(bytes).toString('base64') })
      } catch (error) {
        if (Error.isError(error) && ALREADY_THERE.test(error.message)) return
        throw new ConsensusUnreachableError(url, error)
      }
    },
  }
}
