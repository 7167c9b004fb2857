/** What a market was like when something did not happen in it: who reads this has nothing else of a run that failed. */
import type { PartitionView } from '@granary/protocol/client'
import type { EventType } from '@granary/protocol/events'
import type { KeptProvider } from './kept-provider.ts'
import type { SoakMarket } from './soak-market.ts'
import { eventsSoFar } from './stored-market.ts'

const EVENTS = 60
const LINES = 60
const eventTypes = [
  ...['challenge:opened', 'challenge:void', 'post:accepted', 'post:missed', 'fault:declared', 'fault:skipped'],
  ...['recovery:requested', 'recovery:opened', 'recovery:accepted', 'recovery:missed', 'sector:terminated'],
] as EventType[]

/** Never throws: of a chain or a provider that does not answer it says that. */
export async function reportOf(market: SoakMarket): Promise<string> {
  const parts = [
    part('the chain', async () => JSON.stringify(await market.client.status())),
    part(`its last ${EVENTS} events of proofs`, async () => {
      const events = (await eventsSoFar(market.client, eventTypes)).slice(-EVENTS)
      return events.map((event) => JSON.stringify(event)).join('\n')
    }),
    ...market.providers.flatMap((provider) => [
      part(`provider ${provider.id}'s partitions`, () => partitionsOf(market, provider)),
      part(`provider ${provider.id}'s alerts`, async () => lines(await provider.alerts())),
      part(`provider ${provider.id}'s last lines`, async () => linesOf(provider).slice(-LINES).join('\n')),
      part(`provider ${provider.id}'s last warnings`, async () =>
        linesOf(provider)
          .filter((line) => !line.includes('"level":"info"'))
          .slice(-LINES)
          .join('\n'),
      ),
    ]),
  ]
  return (await Promise.all(parts)).join('\n')
}

/** @throws which of its sectors are not, and what has been asked for them, unless all are sound */
export async function allSound({ client }: Pick<SoakMarket, 'client'>, { id }: KeptProvider): Promise<true> {
  const unsound = (await client.partitions(id)).filter(({ sound, sectors }) => sound < sectors)
  if (unsound.length === 0) return true
  const { height } = await client.status()
  const views = await Promise.all(unsound.map(async (view) => ({ ...view, faulty: await faultyIn(client, view) })))
  throw new Error(`at height ${height}: ${lines(views)}`)
}

async function partitionsOf({ client }: SoakMarket, { id }: KeptProvider): Promise<string> {
  const views = await client.partitions(id)
  return lines(await Promise.all(views.map(async (view) => ({ ...view, faulty: await faultyIn(client, view) }))))
}

async function faultyIn(client: SoakMarket['client'], { provider, number }: PartitionView): Promise<number[]> {
  const faulty = await Array.fromAsync(client.members({ provider, partition: number }, 'faulty'))
  return faulty.map((member) => member.number)
}

function linesOf(provider: KeptProvider): string[] {
  return provider.logs().trimEnd().split('\n')
}

function lines(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join('\n')
}

async function part(name: string, read: () => Promise<string>): Promise<string> {
  const text = await read().catch((error: unknown) => `could not be asked for: ${error}`)
  return `--- ${name}\n${text || 'nothing'}`
}
