/** What a node's metrics say of its CometBFT: a few of the figures that CometBFT's own RPC gives, asked for when somebody reads them. */
import * as z from 'zod'
import type { CometFigures } from '../engine.ts'

type Ask = (method: string, params: object) => Promise<unknown>

/** Int64 is text in its JSON. */
const int64 = z.codec(z.string().regex(/^\d{1,15}$/), z.int(), { decode: Number, encode: String })
const status = z.object({ sync_info: z.object({ latest_block_height: int64, catching_up: z.boolean() }) })
const netInfo = z.object({ n_peers: int64 })
const unconfirmed = z.object({ total: int64, total_bytes: int64 })
const consensus = z.object({ round_state: z.object({ 'height/round/step': z.string().regex(/^\d+\/\d+\/\d+$/) }) })
const commit = z.object({
  signed_header: z.object({ commit: z.object({ signatures: z.array(z.object({ block_id_flag: z.int() })) }) }),
})
/** A vote for the block, in a commit; others are for none, or missing. */
const FOR_THE_BLOCK = 2

/** Never throws: what is not answered is left out. */
export async function askFigures(ask: Ask): Promise<CometFigures> {
  async function of<T extends z.ZodType>(method: string, answer: T): Promise<z.output<T> | undefined> {
    try {
      return answer.parse(await ask(method, {}))
    } catch {
      return undefined
    }
  }
  const state = await of('status', status)
  if (state === undefined) return { isUp: false }
  const [net, pool, rounds, last] = await Promise.all([
    of('net_info', netInfo),
    of('num_unconfirmed_txs', unconfirmed),
    of('consensus_state', consensus),
    of('commit', commit),
  ])
  const votes = last?.signed_header.commit.signatures
  return {
    isUp: true,
    height: state.sync_info.latest_block_height,
    isCatchingUp: state.sync_info.catching_up,
    peers: net?.n_peers,
    round: rounds && Number(rounds.round_state['height/round/step'].split('/')[1]),
    mempoolTxs: pool?.total,
    mempoolBytes: pool?.total_bytes,
    validatorsMissing: votes?.filter(({ block_id_flag: flag }) => flag !== FOR_THE_BLOCK).length,
    validators: votes?.length,
  }
}
