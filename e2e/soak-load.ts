/** What a provider must bear before anything breaks: a hundred sectors, and fifty fetches, while it seals and answers for all of them. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGranary } from '@granary/client'
import { memoryPorts, memorySink } from '@granary/client/memory'
import { accountSigner } from '@granary/protocol/messages'
import { eventually } from './kept-provider.ts'
import type { SoakMarket } from './soak-market.ts'

const SECTORS = 100
const RETRIEVALS = 50
/** Its piece takes a sector of `8MiB-dev` alone, and whole: less would be cheaper in several pieces. */
const CONTENT_BYTES = 8_100_000
/** Puts, and fetches, at a time. */
const AT_ONCE = 4
const WITHIN_MS = 300_000
const TRIES_MAX = 40
const PAUSE_MS = 1_000

interface Filled {
  readonly path: string
  readonly digest: string
}

/** Sectors of both providers, half each, made beside the puts that go on. @returns what lies in them */
export async function fillSectors(market: SoakMarket): Promise<Filled[]> {
  const numbers = Array.from({ length: SECTORS }, (_, number) => number)
  return sideBySide(market, numbers, async (granary, number) => {
    const content = contentOf(number)
    const provider = market.providers[number % market.providers.length]!.id
    const { path } = await again(() => granary.put(content, { provider }))
    return { path, digest: digestOf(content) }
  })
}

/** @throws when a byte is another, or when a provider does not answer for all of its sectors after this began */
export async function fetchWhileProving(market: SoakMarket, filled: readonly Filled[]): Promise<void> {
  const { height: since } = await market.client.status()
  const wanted = filled.filter((_, index) => index % Math.floor(filled.length / RETRIEVALS) === 0)
  await expectBack(market, wanted)
  for (const { id } of market.providers)
    await eventually(`provider ${id} answers for all of its sectors`, WITHIN_MS, async () => {
      const partitions = await market.client.partitions(id)
      return partitions.every(({ lastProven }) => lastProven !== null && lastProven > since)
    })
}

/** @throws when a byte of them is another */
export async function expectBack(market: SoakMarket, filled: readonly Filled[]): Promise<void> {
  await sideBySide(market, filled, async (granary, { path, digest }) => {
    const sink = memorySink()
    await again(() => granary.save(path, sink))
    if (digestOf(new Uint8Array(await sink.blob().arrayBuffer())) !== digest)
      throw new Error(`${path} came back as something else`)
  })
}

/** Workers, each with an account and a client of its own, take the next item until there is none. */
async function sideBySide<T, R>(
  { chain, client }: SoakMarket,
  items: readonly T[],
  work: (granary: ReturnType<typeof createGranary>, item: T) => Promise<R>,
): Promise<R[]> {
  const left = [...items]
  const results: R[] = []
  async function worker(): Promise<void> {
    const account = accountSigner(crypto.getRandomValues(new Uint8Array(32)))
    await client.faucet(account.address)
    const granary = createGranary(memoryPorts({ chain: chain().url, account }))
    for (let next = left.shift(); next !== undefined; next = left.shift()) results.push(await work(granary, next))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}

/** As somebody does who needs it done: on a machine with other work an answer may come too late. */
async function again<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1)
    try {
      return await attempt()
    } catch (error) {
      if (tries === TRIES_MAX) throw error
      await sleep(PAUSE_MS)
    }
}

/** Other bytes for each number, and the same in every run. */
function contentOf(number: number): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(CONTENT_BYTES).fill(number)
  const view = new DataView(content.buffer)
  for (let at = 0; at + 4 <= CONTENT_BYTES; at += 4) view.setUint32(at, Math.imul(at + 1, 2_654_435_761 + number) >>> 0)
  return content
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
