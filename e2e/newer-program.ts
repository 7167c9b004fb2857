/** A node as a release would run it that knows rules of which this one has none: they change nothing yet but their number. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type ChainClient, createChainClient } from '@granary/protocol/client'

const SCRIPT = fileURLToPath(new URL('../packages/chain/test/run-node.ts', import.meta.url))
const FLAGS = ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning']

export interface NewerNode {
  readonly client: ChainClient
  stop(): Promise<void>
}

/** @param cometbft of a validator on it */
export async function startNewer(home: string, rules: number, cometbft: readonly string[] = []): Promise<NewerNode> {
  const args = [...FLAGS, SCRIPT, home, '{}', `${rules}`, ...cometbft]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout! })
  const [url] = await Promise.race([once(lines, 'line'), ended])
  if (typeof url !== 'string') throw new Error(`the newer node of ${home} ended with ${String(url)}`)
  return {
    client: createChainClient({ url }),
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
