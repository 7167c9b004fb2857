/** What is asked of CometBFT's own RPC, on the loopback: JSON-RPC 2.0, https://docs.cometbft.com/v0.38/rpc. */
import * as z from 'zod'
import type { CometFigures } from '../engine.ts'
import { askFigures } from './comet-figures.ts'
import type { Consensus } from './create-comet-engine.ts'
import { ConsensusUnreachableError } from './errors.ts'
import { signedHeader } from './signed-header.ts'

export interface CometRpc extends Consensus {
  /** Never throws. */
  figures(): Promise<CometFigures>
}

const ANSWER_MS_MAX = 10_000
/** Who reads metrics does not wait longer for them. */
const FIGURES_MS_MAX = 2_000

const answer = z.object({
  result: z.unknown().optional(),
  error: z.object({ message: z.string(), data: z.string().optional() }).optional(),
})

/** CometBFT remembers what it has passed on: it is there. */
const ALREADY_THERE = /tx already exists in cache/

export function createCometRpc(url: string): CometRpc {
  async function call(method: string, params: object, msMax = ANSWER_MS_MAX): Promise<z.output<typeof answer>> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const headers = { 'content-type': 'application/json' }
    const signal = AbortSignal.timeout(msMax)
    try {
      const response = await fetch(url, { method: 'POST', body, headers, signal })
      return answer.parse(await response.json())
    } catch (error) {
      throw new ConsensusUnreachableError(url, error)
    }
  }

  return {
    async broadcast(bytes) {
      const { error } = await call('broadcast_tx_sync', { tx: Buffer.from(bytes).toString('base64') })
      if (error === undefined || ALREADY_THERE.test(error.data ?? '')) return
      throw new ConsensusUnreachableError(url, new Error(`${error.message} ${error.data ?? ''}`.trim()))
    },
    figures: () => askFigures(async (method, params) => (await call(method, params, FIGURES_MS_MAX)).result),
    signedHeader: (height) => signedHeader(async (method, params) => (await call(method, params)).result, height),
  }
}
