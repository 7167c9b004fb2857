/**
 * What the operator of a validator gives the others before there is a chain: its public keys, whose its bond is, and where it is
 * reached. The validator's key signs it, so that what somebody has changed on the way is refused.
 */
import { GranaryError, type Hex, isHex, toHex } from '@granary/base'
import type { Address } from '@granary/protocol/messages'
import { ed25519 } from '@noble/curves/ed25519.js'
import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import * as z from 'zod'

/** `203.0.113.7:26656`, `barn.example:26656`, `[2001:db8::7]:26656` */
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)$/

const hexOf = (bytes: number) => z.custom<Hex>((value) => isHex(value) && value.length === 2 + 2 * bytes)

const entrySchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** For people. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
  /** ed25519 */
  validator: hexOf(32),
  /** Whose its bond is. */
  owner: z.custom<Address>((value) => isHex(value) && value.length === 42),
  /** By which its peers know it, of its node key. */
  nodeId: z.string().regex(/^[0-9a-f]{40}$/),
  host: z.string().regex(HOST),
  port: z.int().min(1).max(65_535),
  signature: hexOf(64),
})

export type NetworkEntry = Readonly<z.output<typeof entrySchema>>

export function signEntry(
  entry: Omit<NetworkEntry, 'schemaVersion' | 'signature'>,
  validatorKey: Uint8Array,
): NetworkEntry {
  const signature = toHex(ed25519.sign(signedBytes(entry), validatorKey))
  return { schemaVersion: 1, ...entry, signature }
}

/** @throws GranaryError NETWORK_INVALID */
export function checkEntry(json: unknown, where: string): NetworkEntry {
  const parsed = entrySchema.safeParse(json)
  if (!parsed.success) throw new EntryInvalidError(where, z.prettifyError(parsed.error))
  const entry = parsed.data
  if (!ed25519.verify(hexToBytes(entry.signature.slice(2)), signedBytes(entry), hexToBytes(entry.validator.slice(2))))
    throw new EntryInvalidError(where, `it is not as validator ${entry.validator} has signed it`)
  return entry
}

/** No vote, and no header, begins so. */
function signedBytes({
  name,
  validator,
  owner,
  nodeId,
  host,
  port,
}: Omit<NetworkEntry, 'schemaVersion' | 'signature'>) {
  return utf8ToBytes(JSON.stringify(['granary-validator-entry', name, validator, owner, nodeId, host, port]))
}

export class EntryInvalidError extends GranaryError {
  constructor(where: string, why: string) {
    super({
      code: 'NETWORK_INVALID',
      message: `${where}: ${why}`,
      hint: 'ask its operator for the file that `granary chain entry` has written, as it is',
      details: { where },
    })
  }
}
