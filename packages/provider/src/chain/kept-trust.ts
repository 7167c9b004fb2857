/**
 * The header from which on votes are believed: the newest that this home has verified, or a newer one that its owner names. A home
 * that meets its chain believes the header that it is shown, as it believes the genesis (docs/adr/0107-trust-after-an-absence.md).
 */
import type { ChainClient } from '@granary/protocol/client'
import type { SeenHeader } from '@granary/protocol/light'
import type { Hash } from '@granary/protocol/messages'
import type { Settings } from '../storage/settings.ts'

export interface KeptTrust {
  readonly trusted: SeenHeader | undefined
  readonly onTrusted: (header: SeenHeader) => void
}

export interface KeptTrustInput {
  readonly settings: Settings
  readonly chain: Pick<ChainClient, 'block'>
  /** Named by the owner, as HEIGHT:HASH. */
  readonly named: string | undefined
  /** Of the chain, where this home has not met it before. */
  readonly firstHeight: number | undefined
}

/** It is renewed long before validators stop to answer for it. */
const SAVE_EVERY_MS = 30_000

export async function keptTrust({ settings, chain, named, firstHeight }: KeptTrustInput): Promise<KeptTrust> {
  let savedAt = Number.NEGATIVE_INFINITY
  const save = ({ height, hash }: SeenHeader): void => settings.set('trustedHeader', `${height}:${hash}`)
  if (firstHeight !== undefined) {
    const shown = await chain.block(firstHeight).catch(() => undefined)
    if (shown !== undefined) save({ height: firstHeight, hash: shown.hash })
  }
  const known = [settings.get('trustedHeader'), named].flatMap((text) => headerOf(text) ?? [])
  return {
    trusted: known.sort((a, b) => b.height - a.height)[0],
    onTrusted(header) {
      const atMs = performance.now()
      if (atMs - savedAt < SAVE_EVERY_MS) return
      savedAt = atMs
      save(header)
    },
  }
}

function headerOf(text: string | undefined): SeenHeader | undefined {
  const [height, hash] = text?.split(':') ?? []
  return hash === undefined ? undefined : { height: Number(height), hash: hash as Hash }
}
