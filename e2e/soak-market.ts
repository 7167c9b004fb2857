/** A devnet with two providers in which puts go on, one after the other to each, until they are told to end. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import { changeParams } from './change-params.ts'
import { createWorkbench, type Workbench } from './harness.ts'
import { type KeptPut, keepPutting, type Stored } from './keep-putting.ts'
import { eventually, type KeptProvider, keepProvider } from './kept-provider.ts'
import { type RedisServer, startRedis } from './redis.ts'
import { mountSmallDisk, type SmallDisk, type Unmountable } from './small-disk.ts'
import { fileOf, type Server, succeeded } from './story.ts'

/** A proof is asked for each half a minute, with twenty seconds to answer; what is faulty may be so for longer than all this takes. */
const changed = { params: { faultMaxAge: '7200' }, responseWindow: '40' }
const DISK_MIB = 3_072
/** Some thirty sectors fill it, and the others lie elsewhere. */
const VOLUME_MIB = 1_024
const PAUSE_MS = 4_000
/** Of each provider's puts every third ends while this goes on. */
const SHORT_EVERY = 3
const SHORT = ['--duration', '5m']
const REPORTED_WITHIN_MS = 300_000

export interface SoakDeal extends Stored {
  readonly provider: number
  readonly short: boolean
}

export interface SoakMarket {
  readonly bench: Workbench
  readonly client: ChainClient
  readonly providers: readonly [KeptProvider, KeptProvider]
  /** What the second provider lives on; undefined: this machine does not let us mount one. */
  readonly disk: SmallDisk | undefined
  /** A volume of the first provider; undefined for the same reason. */
  readonly volume: Unmountable | undefined
  /** Each deal that a put has reported. */
  readonly stored: readonly SoakDeal[]
  chain(): Server
  /** Of the first provider's queue; undefined: there is none here. */
  readonly redis: RedisServer | undefined
  restartChain(meanwhile: () => void, how: 'stop' | 'kill9'): Promise<void>
  /** The put to this provider that begins next. */
  nextPutOf(provider: KeptProvider): Promise<KeptPut>
  /** One put more, beside those that go on: the one of these that is under way may wait for what a fault has taken. */
  putBeside(provider: KeptProvider): Promise<void>
  /** When so many more deals have been reported. */
  reported(more: number, of?: KeptProvider): Promise<void>
  /** Those that do not end while this goes on, and lie in a sector that is proven. */
  longDealsOf(provider: KeptProvider): Promise<SoakDeal[]>
  /** As their owners do when the chain has forgotten them. @returns how many there were */
  putAgainWhatIsForgotten(): Promise<number>
  /** Ends when both providers have answered for the last one. */
  endPuts(): Promise<void>
  close(): Promise<void>
}

export interface SoakMarketInput {
  readonly withDisk: boolean
  readonly withRedis: boolean
}

export async function startSoakMarket({ withDisk, withRedis }: SoakMarketInput): Promise<SoakMarket> {
  const bench = createWorkbench()
  succeeded(await bench.run(['chain', 'init', '--devnet', '--home', bench.home, '--json']))
  changeParams(bench.home, changed)
  let chain = await bench.startChain()
  const { url } = chain
  const client = createChainClient({ url })
  const disk = withDisk ? await mountSmallDisk(join(bench.home, 'disk'), DISK_MIB) : undefined
  const pulled = withDisk ? await mountSmallDisk(join(bench.home, 'pulled'), VOLUME_MIB) : undefined
  const mountPoint = join(bench.home, 'volume')
  const volume = pulled?.mountAt(mountPoint)
  const second = disk
    ? { home: join(disk.path, 'home'), outside: join(disk.outside, 'home'), under: disk.under }
    : { home: join(bench.home, 'second') }
  const redis = withRedis ? await startRedis(bench) : undefined
  const providers = [
    await keepProvider({
      bench,
      chainUrl: url,
      home: join(bench.home, 'first'),
      under: pulled?.under ?? [],
      options: redis ? ['--redis', redis.url] : [],
    }),
    await keepProvider({ bench, chainUrl: url, ...second }),
  ] as const
  if (volume) succeeded(await providers[0].command(['volumes', 'add', mountPoint, '--weight', '1000']))
  const stored: SoakDeal[] = []
  const under = new Map<number, KeptPut>()
  const stopping = new AbortController()

  async function putOn({ id }: KeptProvider): Promise<void> {
    for (let count = 1; !stopping.signal.aborted; count++) {
      const short = count % SHORT_EVERY === 0
      const file = fileOf(bench, `provider-${id}-${count}.bin`, 50_000 * (1 + (count % 7)))
      const put = keepPutting(bench, file, url, argsOf({ provider: id, short }))
      under.set(id, put)
      stored.push({ ...(await put.stored), provider: id, short })
      await sleep(PAUSE_MS)
    }
  }
  const loops = Promise.all(providers.map(putOn))
  loops.catch(() => {})

  async function isForgotten({ data }: SoakDeal): Promise<boolean> {
    return (await Array.fromAsync(client.deals({ rootCid: data.rootCid }))).length === 0
  }

  return {
    bench,
    client,
    providers,
    disk,
    volume,
    redis,
    stored,
    chain: () => chain,
    restartChain: async (meanwhile, how) => {
      await chain[how]()
      meanwhile()
      chain = await bench.startChain({ port: Number(new URL(url).port) })
    },
    nextPutOf: async ({ id }) => {
      const before = under.get(id)
      await eventually('the next put', REPORTED_WITHIN_MS, async () => under.get(id) !== before)
      return under.get(id)!
    },
    putBeside: async ({ id }) => {
      const file = fileOf(bench, `provider-${id}-beside-${stored.length}.bin`, 50_000)
      const put = keepPutting(bench, file, url, argsOf({ provider: id, short: false }))
      let isStored = false
      const reported = put.stored.then((one) => {
        stored.push({ ...one, provider: id, short: false })
        isStored = true
      })
      const enough = eventually('a put beside the others', REPORTED_WITHIN_MS, async () => {
        if (!isStored) throw new Error(put.failures.join(', ') || 'no error')
        return true
      })
      await Promise.all([reported, enough])
    },
    reported: async (more, of) => {
      const count = (): number => stored.filter(({ provider }) => of === undefined || provider === of.id).length
      const wanted = count() + more
      const enough = eventually(`${more} more deals`, REPORTED_WITHIN_MS, async () => {
        if (count() >= wanted) return true
        throw new Error(
          [...under].map(([id, { failures }]) => `${id}: ${failures.join(', ') || 'no error'}`).join('; '),
        )
      })
      // A put that is given up fails here, and says why.
      await Promise.race([enough, loops])
    },
    longDealsOf: async ({ id }) => {
      const active = await Array.fromAsync(client.deals({ provider: id }))
      const ids = new Set(active.filter(({ state }) => state === 'active').map((deal) => deal.id))
      return stored.filter(({ provider, short, data }) => provider === id && !short && ids.has(data.dealId))
    },
    putAgainWhatIsForgotten: async () => {
      // One that was under way may be reported by a put that had asked the chain before.
      await Promise.all([...under.values()].map((put) => put.stored))
      const forgotten: number[] = []
      for (const [index, deal] of stored.entries()) if (await isForgotten(deal)) forgotten.push(index)
      for (const index of forgotten) {
        const { file, provider, short } = stored[index]!
        const again = await keepPutting(bench, file, url, argsOf({ provider, short })).stored
        stored[index] = { ...again, provider, short }
      }
      return forgotten.length
    },
    endPuts: async () => {
      stopping.abort()
      await loops
    },
    close: async () => {
      stopping.abort()
      await bench.close()
      await disk?.remove()
      await pulled?.remove()
    },
  }
}

function argsOf({ provider, short }: Pick<SoakDeal, 'provider' | 'short'>): string[] {
  return ['--provider', String(provider), ...(short ? SHORT : [])]
}
