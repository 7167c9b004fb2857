/** Files and empty folders → DAG of a folder; large ones are sharded (HAMT) as the profile says. */
import type { CID } from 'multiformats/cid'
import { type ImportOptions, putFile } from './import-file.ts'
import { putFolder } from './put-folder.ts'
import type { PutNode } from './put-node.ts'
import type { ContentStore } from './store.ts'

export interface FolderEntry {
  /** Names with / between them. */
  readonly path: string
  /** None of an empty folder. */
  readonly content?: AsyncIterable<Uint8Array> | undefined
}

/** What a folder holds, while it is read. */
interface OpenFolder {
  readonly files: Map<string, PutNode>
  readonly folders: Map<string, OpenFolder>
}

/**
 * Files are read one after the other, and their leaves put in order. The CID is that of the folder itself.
 * @throws NamesCollideError NAMES_COLLIDE
 */
export async function importFolder(
  entries: AsyncIterable<FolderEntry>,
  store: ContentStore,
  options: ImportOptions = {},
): Promise<CID> {
  options.signal?.throwIfAborted()
  const root = emptyFolder()
  for await (const { path, content } of entries) {
    const names = path.split('/').filter((name) => name !== '')
    if (content === undefined) folderAt(root, names)
    else folderAt(root, names.slice(0, -1)).files.set(names.at(-1)!, await putFile(content, store, options))
  }
  return (await putAll(root, store, options)).cid
}

function emptyFolder(): OpenFolder {
  return { files: new Map(), folders: new Map() }
}

function folderAt(root: OpenFolder, names: readonly string[]): OpenFolder {
  let at = root
  for (const name of names) {
    const next = at.folders.get(name) ?? emptyFolder()
    at.folders.set(name, next)
    at = next
  }
  return at
}

async function putAll({ files, folders }: OpenFolder, store: ContentStore, options: ImportOptions): Promise<PutNode> {
  const below: (readonly [string, PutNode])[] = []
  for (const [name, folder] of folders) below.push([name, await putAll(folder, store, options)])
  return await putFolder([...files, ...below], store, options)
}
