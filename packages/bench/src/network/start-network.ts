/** Validators on CometBFT in a folder of their own, each a process as `granary chain run` is, with its CometBFT beside it. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { readHome } from '@granary/chain/internal'
import { checkComet, initTestnet } from '@granary/chain/node'
import type { Hash } from '@granary/protocol/messages'
import { genesisHash } from '@granary/protocol/records'
import { type Program, type RunningServer, startServer } from '../client/program.ts'

export interface NetworkOptions {
  readonly validators: number
  /** Of Granary. */
  readonly program: Program
  /** Of CometBFT. */
  readonly cometbft: string
  readonly signal?: AbortSignal | undefined
}

export interface Network extends AsyncDisposable {
  readonly urls: readonly string[]
  readonly genesisHash: Hash
  /** Of who has all the money. */
  readonly faucetKey: Uint8Array
}

const PORT_FIRST = 27_000
const PORT_LAST = 60_000

/** @throws GranaryError COMETBFT_MISSING, COMETBFT_VERSION_WRONG */
export async function startNetwork(folder: string, options: NetworkOptions): Promise<Network> {
  const { validators, program, cometbft, signal } = options
  await checkComet(cometbft)
  const { homes } = await initTestnet({ home: folder, validators, firstPort: await freePorts(2 * validators) })
  const { genesis, faucetKey } = await readHome(homes[0]!)
  await using starting = new AsyncDisposableStack()
  const servers: RunningServer[] = []
  for (const home of homes) {
    const words = ['chain', 'run', '--home', home, '--port', '0', '--cometbft', cometbft, '--stop-with-parent']
    servers.push(starting.use(await startServer(program, words, signal)))
  }
  const all = starting.move()
  return {
    urls: servers.map(({ url }) => url),
    genesisHash: genesisHash(genesis),
    faucetKey: faucetKey!,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** @returns the first of so many in a row */
async function freePorts(count: number): Promise<number> {
  for (let first = PORT_FIRST + (process.pid % 1_000) * 16; first + count < PORT_LAST; first += count) {
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)))
    if (free.every(Boolean)) return first
  }
  throw new Error(`no ${count} free ports in a row above ${PORT_FIRST}`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
