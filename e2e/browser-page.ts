/** What a page does with the client: browser.slow.test.ts bundles this for a real browser. */
import { createGranary, type Duration } from '@granary/client'
import { memoryPorts, memorySink } from '@granary/client/memory'
import { accountSigner } from '@granary/protocol/messages'

export interface Stored {
  readonly rootCid: string
  readonly dealId: number
  readonly steps: readonly string[]
}

export async function put(chain: string, key: Uint8Array, file: Blob, duration: Duration): Promise<Stored> {
  const granary = createGranary(memoryPorts({ chain, account: accountSigner(key) }))
  const steps: string[] = []
  const onProgress = ({ type }: { readonly type: string }) => void steps.push(type)
  const { rootCid, dealId } = await granary.put(file, { duration, onProgress })
  return { rootCid, dealId, steps }
}

/** Every block verified on its way. @returns SHA-256 of the file, hex */
export async function get(chain: string, key: Uint8Array, rootCid: string): Promise<string> {
  const granary = createGranary(memoryPorts({ chain, account: accountSigner(key) }))
  const sink = memorySink()
  await granary.save(rootCid, sink)
  const digest = await crypto.subtle.digest('SHA-256', await sink.blob().arrayBuffer())
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
