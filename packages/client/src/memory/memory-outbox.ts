/** An outbox in memory. Messages are kept as text: what is read is never the object that was written. */
import type { Hash } from '@granary/protocol/messages'
import { parseSignedMessage, signedMessageText } from '../account/signed-message.ts'
import type { Outbox } from '../ports.ts'

export function memoryOutbox(): Outbox {
  const texts = new Map<string, string>()
  const keyOf = (genesisHash: Hash, id: Hash) => `${genesisHash}-${id}`
  return {
    async write(genesisHash, message) {
      texts.set(keyOf(genesisHash, message.id), signedMessageText(message))
    },
    async list(genesisHash, sender) {
      return [...texts]
        .filter(([key]) => key.startsWith(`${genesisHash}-`))
        .map(([key, text]) => parseSignedMessage(key, text))
        .filter((message) => message.sender === sender)
        .sort((a, b) => a.signedAt - b.signedAt)
    },
    async remove(genesisHash, id) {
      texts.delete(keyOf(genesisHash, id))
    },
  }
}
