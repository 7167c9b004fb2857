import { expect, test } from '@jest/globals'
import { type ClaimedPartitions, createClaimedPartitions } from '../../../test/claimed-partitions.ts'
import { claimedAnswer } from '../../../test/claimed-proofs.ts'
import { readHead } from '../index.ts'
import { tables } from '../store/tables.ts'

/** Of each partition the first sector is declared faulty, and asked to be recovered, in one block. */
function requestAll({ chain, owner, provider }: ClaimedPartitions, count: number): void {
  const partitions = Array.from({ length: count }, (_, partition) => partition)
  const send = (kind: 'DeclareFaults' | 'RequestRecovery'): void => {
    const txs = partitions.map((partition) => {
      const [, member] = [...tables.members.entries(chain.state, [provider, partition])]
      return chain.sign(owner, kind, { provider, partition, sectors: [member!.value.number] }, { lane: 40 + partition })
    })
    expect(chain.produce(txs).results.filter((result) => result.kind === kind)).toHaveLength(count)
  }
  send('DeclareFaults')
  send('RequestRecovery')
}

const openedAt = ({ chain }: ClaimedPartitions, height: number): unknown[] =>
  chain.events
    .filter((event) => event.type === 'recovery:opened')
    .filter((event) => event.height === height)
    .map((event) => event.partition)

test('a request whose partition is being challenged stands aside until that is over, and holds nobody up', () => {
  const count = 24
  const market = createClaimedPartitions(count, 2, { provingPeriod: 12, recoveriesPerEpoch: 1 })
  const { chain, owner, provider } = market
  requestAll(market, count)
  const requestedAt = chain.height
  const waiting = new Set(Array.from({ length: count }, (_, partition) => partition))
  const challenged = (partition: number): boolean =>
    tables.partitions.get(chain.state, provider, partition)!.challenge !== undefined
  let passedOver = 0
  for (let block = 0; waiting.size > 0; block++) {
    expect(block).toBeLessThan(200)
    // What is asked is answered two blocks later, so that partitions are often under challenge.
    const answers = [...Array(count).keys()].flatMap((partition) => {
      const { challenge: open, recovery } = tables.partitions.get(chain.state, provider, partition)!
      if (open === undefined && recovery === undefined) return []
      if (open !== undefined && chain.height < open.epoch + 2) return []
      const body = claimedAnswer(chain, provider, partition)
      return body === undefined ? [] : [chain.sign(owner, 'SubmitPost', body, { lane: 1_024 + partition })]
    })
    chain.produce(answers)
    if (chain.height < requestedAt + chain.genesis.params.cutoff) continue
    const ready = [...waiting].filter((partition) => !challenged(partition))
    if (Math.min(...ready) > Math.min(...waiting)) passedOver += 1
    const opened = openedAt(market, chain.height)
    expect(opened).toEqual(ready.slice(0, 1))
    for (const partition of opened) waiting.delete(Number(partition))
  }
  expect(passedOver).toBeGreaterThan(2)
})

test('a request whose sectors are gone uses no draw', () => {
  const market = createClaimedPartitions(4, 2, { provingPeriod: 1_000, recoveriesPerEpoch: 1, cutoff: 4 })
  const { chain, owner, provider } = market
  requestAll(market, 4)
  const requestedAt = chain.height
  const gone = [0, 1, 2].map((partition) => {
    const [, member] = [...tables.members.entries(chain.state, [provider, partition])]
    return member!.value.number
  })
  chain.does(owner, 'TerminateSectors', { provider, sectors: gone })
  chain.advanceTo(requestedAt + 4)
  expect(openedAt(market, readHead(chain.state).height)).toEqual([3])
  expect([...tables.recoveryQueue.entries(chain.state, [])]).toEqual([])
})
