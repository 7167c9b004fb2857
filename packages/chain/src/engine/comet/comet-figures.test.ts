import { expect, test } from '@jest/globals'
import { askFigures } from './comet-figures.ts'

/** As CometBFT v0.40.0 answers, as far as it is read. */
const answers: Readonly<Record<string, unknown>> = {
  status: { node_info: {}, sync_info: { latest_block_height: '57', catching_up: false }, validator_info: {} },
  net_info: { listening: true, listeners: [], n_peers: '3', peers: [] },
  num_unconfirmed_txs: { n_txs: '2', total: '2', total_bytes: '431', txs: null },
  consensus_state: { round_state: { 'height/round/step': '58/1/4', start_time: '2026-11-30T18:00:00Z' } },
  commit: {
    signed_header: { commit: { signatures: [2, 2, 1, 3].map((flag) => ({ block_id_flag: flag, signature: null })) } },
    canonical: true,
  },
}

test('the figures of a CometBFT that answers', async () => {
  expect(await askFigures(async (method) => answers[method])).toEqual({
    isUp: true,
    height: 57,
    isCatchingUp: false,
    peers: 3,
    round: 1,
    mempoolTxs: 2,
    mempoolBytes: 431,
    validatorsMissing: 2,
    validators: 4,
  })
})

test.each(['net_info', 'num_unconfirmed_txs', 'consensus_state', 'commit'])(
  '%s that fails leaves the rest',
  async (missing) => {
    const found = await askFigures(async (method) => {
      if (method === missing) throw new Error('no answer')
      return answers[method]
    })
    expect(found).toMatchObject({ isUp: true, height: 57 })
    expect(Object.values(found).filter((value) => value === undefined).length).toBeGreaterThan(0)
  },
)

test.each([[undefined], [{}], [{ sync_info: { latest_block_height: '-1', catching_up: 'no' } }]])(
  'a status of %j is none',
  async (status) => {
    expect(await askFigures(async (method) => (method === 'status' ? status : answers[method]))).toEqual({
      isUp: false,
    })
  },
)
