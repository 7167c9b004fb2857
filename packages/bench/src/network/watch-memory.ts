/** The most memory that each node has had, by what it says of itself in its metrics. */
import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_MS = 500
const MB = 1e6

export interface MemoryWatch {
  /** Of each node, in MB. */
  stop(): Promise<readonly number[]>
}

export function watchMemory(urls: readonly string[]): MemoryWatch {
  const stopped = new AbortController()
  const most = urls.map(() => 0)

  async function look(): Promise<void> {
    const now = await Promise.all(urls.map(residentMb))
    for (const [index, mb] of now.entries()) most[index] = Math.max(most[index]!, mb)
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      await look()
      await sleep(LOOK_MS, undefined, { signal: stopped.signal }).catch(() => undefined)
    }
  }

  const running = run()
  return {
    async stop() {
      stopped.abort()
      await running
      return most
    },
  }
}

async function residentMb(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const [, bytes] = /^process_resident_memory_bytes (\d+)/m.exec(text) ?? []
  if (bytes === undefined) throw new Error(`${url} does not say how much memory it has`)
  return Number(bytes) / MB
}
