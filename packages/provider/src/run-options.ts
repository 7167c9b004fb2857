/** What a provider is run with, and what is had of one that runs. */
import type { Address } from '@granary/protocol/messages'
import type { ReloadReport } from './chain/reload-config.ts'
import type { Log } from './log.ts'

export interface RunProviderOptions {
  readonly home: string
  readonly cacheHome: string
  /** @default that of config.json */
  readonly host?: string
  /** 0: the port of the last run, or any free one. */
  readonly port: number
  /** Undefined: no libp2p; 0: the port of the last run, or any free one. */
  readonly libp2pPort: number | undefined
  readonly passphrase: string
  /** Where the chain is now, when it is not where the configuration says. */
  readonly chainUrl?: string
  /** The address that is registered on the chain. @default the one that is listened on */
  readonly publicUrl?: string
  /** How long a piece waits for others to share its sector. @default `sealing.afterMs` of config.json */
  readonly sealAfterMs?: number
  /** A Redis for the queue, by which workers of other machines seal too: redis://host:port. @default `sealing.redis` of config.json */
  readonly redisUrl?: string
  readonly log?: Log
  /** Ends the waiting for a chain that is away when it starts. @default nothing does */
  readonly signal?: AbortSignal
}

export interface RunningProvider {
  readonly url: string
  readonly providerId: number
  readonly address: Address
  /** Reads config.json anew and applies it. @throws what is wrong with it, and nothing of it is used; what the chain refuses */
  reload(): Promise<ReloadReport>
  stop(): Promise<void>
}
