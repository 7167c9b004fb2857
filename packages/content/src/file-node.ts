/** A block read as a part of a UnixFS file: its own bytes, and its children with the bytes of the file under each. */
import { GranaryError } from '@granary/errors'
import { exporter } from 'ipfs-unixfs-exporter'
import type { CID } from 'multiformats/cid'
import { DagInvalidError } from './links-of.ts'

export interface FileChild {
  readonly cid: CID
  readonly bytes: number
}

export interface FileNode {
  /** The file's bytes in this very block; they come before those of the children. */
  readonly data: Uint8Array
  readonly children: readonly FileChild[]
  /** All bytes of the file at and under this block. */
  readonly fileBytes: number
}

export class NotAFileError extends GranaryError {
  readonly kind: string

  constructor(cid: CID, kind: string) {
    super({
      code: 'NOT_A_FILE',
      message: `${cid} is a ${kind}, not a file`,
      hint: 'name a file inside it by its path, or fetch the whole DAG as a CAR',
      retryable: false,
      details: { kind },
    })
    this.kind = kind
  }
}

/** @throws NotAFileError NOT_A_FILE, DagInvalidError DAG_INVALID */
export async function fileNode(cid: CID, bytes: Uint8Array): Promise<FileNode> {
  const entry = await decode(cid, bytes)
  switch (entry.type) {
    case 'raw':
    case 'identity':
      return { data: entry.node, children: [], fileBytes: entry.node.length }
    case 'object':
      throw new NotAFileError(cid, `data object (codec 0x${cid.code.toString(16)})`)
    case 'directory':
      throw new NotAFileError(cid, entry.unixfs.type === 'directory' ? 'directory' : 'sharded directory')
    case 'file':
      break
  }
  const { unixfs, node } = entry
  if (unixfs.type !== 'file' && unixfs.type !== 'raw') throw new NotAFileError(cid, unixfs.type)
  if (unixfs.blockSizes.length !== node.Links.length)
    throw new DagInvalidError(cid, `${unixfs.blockSizes.length} sizes for ${node.Links.length} links`)
  const children = node.Links.map((link, at) => ({ cid: link.Hash, bytes: Number(unixfs.blockSizes[at]) }))
  const data = unixfs.data ?? new Uint8Array()
  const fileBytes = children.reduce((sum, child) => sum + child.bytes, data.length)
  if (!Number.isSafeInteger(fileBytes)) throw new DagInvalidError(cid, `a file of ${fileBytes} bytes`)
  return { data, children, fileBytes }
}

async function decode(cid: CID, bytes: Uint8Array): ReturnType<typeof exporter> {
  try {
    return await exporter(cid, {
      *get() {
        yield bytes
      },
    })
  } catch (cause) {
    throw new DagInvalidError(cid, Error.isError(cause) ? cause.message : String(cause), cause)
  }
}
