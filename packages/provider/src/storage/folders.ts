/** Where a provider keeps its things: one folder, `<home>/provider`, owned by one process. */

import { join } from 'node:path'
import { makeFolder } from '@granary/base/node'

export interface ProviderFolders {
  readonly root: string
  /** Unsealed pieces, `<pieceCid>.car`, each complete and verified. */
  readonly pieces: string
  /** Uploads that are not agreed on yet, `<uploadId>`. */
  readonly staging: string
  readonly sectors: string
  readonly queue: string
  readonly database: string
  /** What is known of the store beside it. */
  readonly homeRecord: string
  /** How ready its partitions are to prove. */
  readonly readiness: string
  /** When each replica was last read whole. */
  readonly scrub: string
  readonly config: string
  /** Where the owner reaches it while it runs, and with which token. */
  readonly admin: string
  /** What the chain is to say of it, for an owner who signs elsewhere. */
  readonly registration: string
  readonly ownerKey: string
  readonly sessionKey: string
  /** That takes its place, until the chain has it. */
  readonly nextSessionKey: string
  /** What that one may spend and until when, until the chain has been told. */
  readonly nextKeyBounds: string
}

export function providerFolders(home: string): ProviderFolders {
  const root = join(home, 'provider')
  return {
    root,
    pieces: join(root, 'pieces'),
    staging: join(root, 'staging'),
    sectors: join(root, 'sectors'),
    queue: join(root, 'queue'),
    database: join(root, 'provider.sqlite'),
    homeRecord: join(root, 'home.json'),
    readiness: join(root, 'readiness.json'),
    scrub: join(root, 'scrub.json'),
    config: join(root, 'config.json'),
    admin: join(root, 'admin.json'),
    registration: join(root, 'registration.json'),
    ownerKey: join(root, 'keystore.json'),
    sessionKey: join(root, 'session.json'),
    nextSessionKey: join(root, 'session.next.json'),
    nextKeyBounds: join(root, 'session.bounds.json'),
  }
}

export async function makeFolders(folders: ProviderFolders): Promise<void> {
  for (const folder of [folders.root, folders.pieces, folders.staging, folders.sectors, folders.queue])
    await makeFolder(folder)
}
