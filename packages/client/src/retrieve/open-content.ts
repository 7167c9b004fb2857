/** Who has some content is found, and can be asked for its blocks. */
import { reporter } from '@granary/base'
import type { Ports } from '../ports.ts'
import { type BlockPool, createBlockPool } from './block-pool.ts'
import type { GetProgress } from './get-progress.ts'
import { type HolderMemory, type HolderState, newHolderState } from './holder-state.ts'
import { locate } from './locate.ts'
import type { ContentPath } from './parse-content-path.ts'

/** What getting content takes: no account, and nothing that is kept on a disk. */
export interface GetPorts extends Pick<Ports, 'chain' | 'clock' | 'fetch'> {
  /** Of holders that were asked before: those of one client share it. @default none */
  readonly memory?: HolderMemory | undefined
}

/** From whom content is fetched. */
export interface FetchOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: GetProgress) => void) | undefined
  /** Addresses of trustless gateways, asked for what no provider gives. @default none */
  readonly gateways?: readonly string[] | undefined
}

/** Where content is fetched from, and what has been told of it. */
export interface OpenContent {
  readonly holders: readonly HolderState[]
  readonly signal: AbortSignal | undefined
  readonly tell: (progress: GetProgress) => void
  pool(): BlockPool
}

export async function openContent(ports: GetPorts, { root }: ContentPath, options: FetchOptions): Promise<OpenContent> {
  const { signal, gateways = [] } = options
  const tell = reporter(options.onProgress)
  const cid = root.toV1().toString()
  const { clock, memory = new Map() } = ports
  const located = await locate(ports, cid, { gateways, signal })
  const holders = located.map((holder) => newHolderState(holder, clock.nowMs(), memory))
  const onEvent: Parameters<typeof createBlockPool>[0]['onEvent'] = (event) => {
    const { provider, endpoint } = event.holder
    const who = { ...(provider === undefined ? {} : { provider }), endpoint }
    if (event.type === 'trying') tell({ type: 'provider:trying', ...who })
    else tell({ type: 'provider:failed', ...who, code: event.code, message: event.message })
  }
  return { holders, signal, tell, pool: () => createBlockPool({ ports, cid, holders, signal, onEvent }) }
}

export function textOf({ root, names }: ContentPath): string {
  return [root.toV1().toString(), ...names.map(encodeURIComponent)].join('/')
}
