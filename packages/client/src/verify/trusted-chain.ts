/** How what is believed of a chain stands in a store. */
import { type Hex, isHex } from '@granary/base'
import * as z from 'zod/mini'
import type { TrustedChain } from '../ports.ts'
import { TrustInvalidError } from './errors.ts'

const hex = z.custom<Hex>((value) => isHex(value), 'not 0x hex')
const whole = z.int().check(z.minimum(0))

const trustedChain = z.object({
  schemaVersion: z.literal(1),
  /** For who looks at the file. */
  chain: z.string(),
  genesisHash: hex,
  validators: z.array(hex).check(z.minLength(1)),
  blockTimeMs: whole,
  header: z.object({ height: whole, hash: hex, timeMs: whole }),
})

export function trustedChainText(chainUrl: string, trusted: TrustedChain): string {
  const { genesisHash, validators, blockTimeMs, header } = trusted
  const record: z.input<typeof trustedChain> = {
    schemaVersion: 1,
    ...{ chain: chainUrl, genesisHash, validators: [...validators], blockTimeMs, header },
  }
  return `${JSON.stringify(record)}\n`
}

/** @throws TrustInvalidError */
export function parseTrustedChain(path: string, text: string): TrustedChain {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new TrustInvalidError(path, 'it is no JSON')
  }
  const parsed = trustedChain.safeParse(json)
  if (!parsed.success) throw new TrustInvalidError(path, parsed.error.issues[0]?.path.join('.') || 'it is no record')
  const { schemaVersion: _schemaVersion, chain: _chain, ...trusted } = parsed.data
  return trusted
}
