/** The shapes of a provider's answers (docs/spec/market-protocol.md), parsed before anything else sees them. */
import { isHex } from '@granary/base'
import * as z from 'zod'

const hex = z.string().refine((text) => isHex(text), 'not lower-case 0x hex')

export interface ProviderInfo {
  readonly id: number
  readonly address: string
  readonly name: string
  readonly region: string
  readonly profile: { readonly name: string; readonly sectorBytes: number }
  readonly freeBytes: number
  readonly chain: { readonly genesisHash: string; readonly height: number }
  readonly version: string
}

export const providerInfoSchema: z.ZodType<ProviderInfo> = z.object({
  id: z.number().int().nonnegative(),
  address: hex,
  name: z.string(),
  region: z.string(),
  profile: z.object({ name: z.string(), sectorBytes: z.number().int().positive() }),
  freeBytes: z.number().nonnegative(),
  chain: z.object({ genesisHash: hex, height: z.number().int().nonnegative() }),
  version: z.string(),
})

/** Quote and terms have strict parsers of their own in @granary/protocol/messages: here they are only carried. */
export const quoteAnswerSchema: z.ZodType<{ readonly quote?: unknown; readonly signature: string }> = z.object({
  quote: z.unknown(),
  signature: hex,
})

/** `expiresAt` in seconds since 1970. */
export const loginAnswerSchema: z.ZodType<{ readonly token: string; readonly expiresAt: number }> = z.object({
  token: z.string().min(1),
  expiresAt: z.number(),
})

export const agreementSchema: z.ZodType<{
  readonly agreementId: string
  readonly terms?: unknown
  readonly signature: string
}> = z.object({ agreementId: hex, terms: z.unknown(), signature: hex })
