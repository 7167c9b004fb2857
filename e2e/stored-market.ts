/** What a market must be like when all that was done to it is over: every deal that a put reported, its sector and its bytes. */
import { join } from 'node:path'
import type { ChainClient, DealView, FollowedEvent } from '@granary/protocol/client'
import type { EventType } from '@granary/protocol/events'
import type { Workbench } from './harness.ts'
import type { Stored } from './keep-putting.ts'
import { sameBytes, succeeded } from './story.ts'

/** Programs that run at the same time. */
const GETS_AT_ONCE = 2

/** Those that the put has reported: it is an error when the chain has others, or fewer. */
export async function dealsOf(client: ChainClient, { data }: Stored): Promise<DealView[]> {
  const deals = await Array.fromAsync(client.deals({ rootCid: data.rootCid }))
  const reported = new Set(data.deals.map(({ dealId }) => dealId))
  if (deals.length !== reported.size || !deals.every(({ id }) => reported.has(id)))
    throw new Error(
      `${data.rootCid} was reported as ${[...reported].join(', ')}, the chain has ${JSON.stringify(deals)}`,
    )
  return deals
}

/** Fetches all of them, as anybody would, and returns the files whose bytes are not what was put. */
export async function damagedFiles(bench: Workbench, chainUrl: string, stored: readonly Stored[]): Promise<string[]> {
  const damaged: string[] = []
  const left = [...stored]
  async function work(): Promise<void> {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const out = join(bench.home, `${next.data.rootCid}.back`)
      succeeded(await bench.run(['get', next.data.rootCid, '-o', out, '--chain', chainUrl]))
      if (!sameBytes(out, next.file)) damaged.push(next.file)
    }
  }
  await Promise.all(Array.from({ length: GETS_AT_ONCE }, work))
  return damaged
}

/** All events of these types from the first block to the newest. */
export async function eventsSoFar<T extends EventType>(
  client: ChainClient,
  types: readonly T[],
): Promise<FollowedEvent<T>[]> {
  const { height } = await client.status()
  const found: FollowedEvent<T>[] = []
  for await (const event of client.events({ since: '0', types: [...types, 'block' as const] })) {
    if (event.height > height) break
    if (event.type !== 'block') found.push(event as FollowedEvent<T>)
  }
  return found
}
