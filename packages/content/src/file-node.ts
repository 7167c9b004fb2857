/** A block that must be a part of a UnixFS file. */
import { GranaryError } from '@granary/base'
import type { CID } from 'multiformats/cid'
import { type FileNode, unixFsNode } from './unixfs-node.ts'

export class NotAFileError extends GranaryError {
  constructor(cid: CID, kind: string) {
    super({
      code: 'NOT_A_FILE',
      message: `${cid} is a ${kind}, not a file`,
      hint: 'name a file inside it by its path (`granary ls CID` shows them), or fetch all of it: `granary get CID -o OUT`',
      details: { kind },
    })
  }
}

/** @throws NotAFileError NOT_A_FILE, DagInvalidError DAG_INVALID */
export function fileNode(cid: CID, bytes: Uint8Array): FileNode {
  const node = unixFsNode(cid, bytes)
  switch (node.kind) {
    case 'file':
      return node
    case 'directory':
      throw new NotAFileError(cid, 'directory')
    case 'shard':
      throw new NotAFileError(cid, 'sharded directory')
    case 'symlink':
      throw new NotAFileError(cid, 'symlink')
    case 'other':
      throw new NotAFileError(cid, node.what)
  }
}
