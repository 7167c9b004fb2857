/** What a client signs to be let into a provider's uploads. docs/spec/market-protocol.md. */
import { address, uint } from '../codec/field.ts'
import { providerId } from '../codec/ids.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { Address } from '../codec/types.ts'

export interface Login {
  readonly client: Address
  readonly provider: number
  /** Unix seconds. */
  readonly issuedAt: number
}

interface LoginJson {
  readonly client: string
  readonly provider: number
  readonly issuedAt: number
}

export const login: Struct<Login, LoginJson> = struct('Login', {
  client: address,
  provider: providerId,
  issuedAt: uint(64),
})
