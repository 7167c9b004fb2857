/** How a signed message stands in an outbox. */
import { fromHex, GranaryError, type Hex, isHex, toHex } from '@granary/base'
import type { SignedMessage } from '@granary/protocol/client'
import * as z from 'zod/mini'

const hex = z.custom<Hex>((value) => isHex(value), 'not 0x hex')
const whole = z.int().check(z.minimum(0))

const signedMessage = z.object({
  schemaVersion: z.literal(1),
  id: hex,
  bytes: hex,
  sender: hex,
  lane: whole,
  sequence: whole,
  validUntil: whole,
  signedAt: whole,
})

/** What stands there is not as it was written: whether its message was paid is not known. */
export class OutboxInvalidError extends GranaryError {
  /** @param path by which a person finds it */
  constructor(path: string, what: string) {
    super({
      code: 'OUTBOX_INVALID',
      message: `the record of a message that was sent, ${path}, is not as it was written: ${what}`,
      hint: 'look at the balance whether it was paid, then delete the file',
      details: { path },
    })
  }
}

export function signedMessageText(message: SignedMessage): string {
  const { id, bytes, sender, lane, sequence, validUntil, signedAt } = message
  const record: z.input<typeof signedMessage> = {
    schemaVersion: 1,
    ...{ id, bytes: toHex(bytes), sender, lane, sequence, validUntil, signedAt },
  }
  return `${JSON.stringify(record)}\n`
}

/** @throws OutboxInvalidError */
export function parseSignedMessage(path: string, text: string): SignedMessage {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new OutboxInvalidError(path, 'it is no JSON')
  }
  const parsed = signedMessage.safeParse(json)
  if (!parsed.success) throw new OutboxInvalidError(path, parsed.error.issues[0]?.path.join('.') || 'it is no record')
  const { schemaVersion: _schemaVersion, bytes, ...rest } = parsed.data
  return { ...rest, bytes: fromHex(bytes) }
}
