/**
 * A provider begins with its chain. While it has to be waited for, the pieces that are here are served, and the owner can look at
 * what there is: an outage of the chain is none of what was stored.
 */
import type { ChainStatus } from '@granary/protocol/client'
import { firstStatus } from './chain/first-status.ts'
import type { ReloadReport } from './chain/reload-config.ts'
import type { Closer } from './closers.ts'
import type { Listener } from './http/listen.ts'
import { type ServeAdminOptions, serveAdmin } from './http/serve-admin.ts'
import { createWaitingApp, type WaitingAppContext } from './http/waiting-app.ts'
import { giveUpSector } from './sealing/give-up-sector.ts'
import type { SectorStore } from './sectors/store.ts'

export interface MeetChainInput extends WaitingAppContext {
  readonly chain: { status(options: { signal: AbortSignal }): Promise<ChainStatus>; readonly url: string }
  /** Whether this home has been with it before. */
  readonly isKnown: boolean
  readonly listener: Listener
  readonly sectors: SectorStore
  readonly admin: Omit<ServeAdminOptions, 'reload' | 'work'>
  readonly reload: () => Promise<ReloadReport>
  readonly signal: AbortSignal
}

/** @throws CHAIN_UNREACHABLE, … where it is not known; AbortError */
export async function meetChain(input: MeetChainInput): Promise<ChainStatus> {
  const { chain, listener, sectors, admin, reload, log } = input
  let close: Closer = () => {}
  const onWait = async (): Promise<void> => {
    listener.serve(createWaitingApp(input))
    const work = {
      retry: async (number: number) => void sectors.retry(number),
      abandon: async (number: number) => void giveUpSector(sectors, number),
    }
    close = await serveAdmin({ ...admin, reload, work })
    log({ type: 'provider:waiting', url: listener.url, chain: chain.url })
  }
  try {
    return await firstStatus({ ...input, onWait })
  } finally {
    await close()
  }
}
