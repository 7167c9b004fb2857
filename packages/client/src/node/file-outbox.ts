/** An outbox of files: one a message, whole or not there at all. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createFile, makeFolder } from '@granary/base/node'
import type { Hash } from '@granary/protocol/messages'
import { parseSignedMessage, signedMessageText } from '../account/signed-message.ts'
import type { Outbox } from '../ports.ts'

/** @param folder where the messages are kept; made at the first write */
export function fileOutbox(folder: string): Outbox {
  const pathOf = (genesisHash: Hash, id: Hash) => join(folder, `${genesisHash.slice(2)}-${id.slice(2)}.json`)
  return {
    async write(genesisHash, message) {
      await makeFolder(folder, 0o700)
      await createFile(pathOf(genesisHash, message.id), (file) => file.writeFile(signedMessageText(message)), 0o600)
    },
    async list(genesisHash, sender) {
      const names = await readdir(folder).catch(emptyWhenMissing)
      const own = names.filter((name) => name.startsWith(`${genesisHash.slice(2)}-`) && name.endsWith('.json'))
      const messages = await Promise.all(
        own.map(async (name) => parseSignedMessage(join(folder, name), await readFile(join(folder, name), 'utf8'))),
      )
      return messages.filter((message) => message.sender === sender).sort((a, b) => a.signedAt - b.signedAt)
    },
    remove: (genesisHash, id) => rm(pathOf(genesisHash, id), { force: true }),
  }
}

function emptyWhenMissing(error: unknown): string[] {
  if ((error as { code?: unknown }).code === 'ENOENT') return []
  throw error
}
