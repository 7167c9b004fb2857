/** An outbox in IndexedDB. Messages are kept as the text that a file of Node's has. */
import { parseSignedMessage, signedMessageText } from '../account/signed-message.ts'
import type { Outbox } from '../ports.ts'
import { DURABLE, keysBelow, type OpenDatabase } from './indexed-db.ts'

export function indexedDbOutbox(open: OpenDatabase): Outbox {
  return {
    async write(genesisHash, message) {
      const transaction = (await open()).transaction('outbox', 'readwrite', DURABLE)
      await Promise.all([
        transaction.store.put(signedMessageText(message), [genesisHash, message.id]),
        transaction.done,
      ])
    },
    async list(genesisHash, sender) {
      const texts = await (await open()).getAll('outbox', keysBelow(genesisHash))
      return texts
        .map((text) => parseSignedMessage(`IndexedDB outbox/${genesisHash}`, text))
        .filter((message) => message.sender === sender)
        .sort((a, b) => a.signedAt - b.signedAt)
    },
    async remove(genesisHash, id) {
      const transaction = (await open()).transaction('outbox', 'readwrite', DURABLE)
      await Promise.all([transaction.store.delete([genesisHash, id]), transaction.done])
    },
  }
}
