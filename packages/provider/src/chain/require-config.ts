/** What config.json and the command line say, against each other and what this home and the chain are: before money moves. */

import { GranaryError } from '@granary/base'
import type { Profile } from '@granary/proofs/profile'
import type { ChainClient } from '@granary/protocol/client'
import { ConfigError, type ProviderConfig } from '../config.ts'
import type { Settings } from '../storage/settings.ts'

export interface RequireConfigInput {
  readonly chain: ChainClient
  readonly settings: Settings
  readonly path: string
  readonly config: ProviderConfig
  readonly profile: Profile
  /** Bytes of the largest sectors that it makes. */
  readonly sectorBytes: number
  /** Of deals that are not active yet. */
  readonly waitingPieces: readonly { readonly pieceSize: number }[]
  readonly sealAfterMs: number
  /** Whether other machines may seal for it. */
  readonly hasWorkers: boolean
}

/** An ask is renewed when half of it is over, and each renewal costs its fee. */
const ASK_BLOCKS_MIN = 100

/** Every deal would have lapsed before its sector is even begun. */
export class SealAfterTooLongError extends GranaryError {
  constructor(sealAfterMs: number, activateWithinMs: number) {
    super({
      code: 'SEAL_AFTER_TOO_LONG',
      message: `a piece would wait ${sealAfterMs} ms for others, and its deal has to be active within ${activateWithinMs} ms`,
      hint: 'give a shorter sealing.afterMs in config.json, or --seal-after, or promise more time with activateWithinMs',
      details: { sealAfterMs, activateWithinMs },
    })
  }
}

/** @throws ConfigError, SealAfterTooLongError */
export async function requireConfig(input: RequireConfigInput): Promise<void> {
  const { chain, settings, path, config, profile, sealAfterMs } = input
  const made = settings.get('profile') ?? profile.name
  // Its sectors are sealed and proven by this one; others belong into a home of their own.
  if (made !== config.profile) {
    throw new ConfigError(path, `profile: this home is one of ${made}, ${config.profile} needs another --home`)
  }
  settings.set('profile', made)
  const { pieceSizeMax = 0 } = config.ask
  if (pieceSizeMax > input.sectorBytes) {
    throw new ConfigError(path, `ask.pieceSizeMax: ${pieceSizeMax}, a sector has ${input.sectorBytes} bytes`)
  }
  const waitingMax = Math.max(0, ...input.waitingPieces.map(({ pieceSize }) => pieceSize))
  // They would lapse, with their collateral, for a line that was taken out of a file.
  if (waitingMax > input.sectorBytes) {
    throw new ConfigError(
      path,
      `profiles: a deal that is not active yet has a piece of ${waitingMax} bytes, the largest sector has ${input.sectorBytes}: leave its size in until it is, with ask.pieceSizeMax below it`,
    )
  }
  if (config.sealing.parallel === 0 && !input.hasWorkers) {
    throw new ConfigError(path, 'sealing.parallel: 0, and without a Redis nobody else seals for it')
  }
  const { activateWithinMin, blockTimeMs } = await chain.params()
  const askMs = ASK_BLOCKS_MIN * blockTimeMs
  if (config.ask.validMs < askMs) {
    const least = `${ASK_BLOCKS_MIN} blocks of this chain are ${askMs} ms`
    throw new ConfigError(path, `ask.validMs: ${config.ask.validMs}, and ${least}: the least that an ask holds`)
  }
  // What a quote promises (market/issue-quote.ts).
  const activateWithinMs = Math.max(config.activateWithinMs, activateWithinMin * blockTimeMs)
  if (sealAfterMs >= activateWithinMs) throw new SealAfterTooLongError(sealAfterMs, activateWithinMs)
}
