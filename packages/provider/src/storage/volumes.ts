/**
 * Where what a provider stores lies on its disks: its sectors, its unsealed pieces, and what is being uploaded. Every path of one of
 * them comes from here.
 */
import { join } from 'node:path'
import type { ProviderFolders } from './folders.ts'

export type StoredItem =
  /** A folder. */
  | { readonly kind: 'sector'; readonly number: number }
  | { readonly kind: 'piece'; readonly pieceCid: string }
  | { readonly kind: 'upload'; readonly uploadId: string }

export interface Volumes {
  pathOf(item: StoredItem): string
  /** Everything of a kind lies in one of these. */
  foldersOf(kind: StoredItem['kind']): readonly string[]
}

export function createVolumes({
  sectors,
  pieces,
  staging,
}: Pick<ProviderFolders, 'sectors' | 'pieces' | 'staging'>): Volumes {
  const folders = { sector: sectors, piece: pieces, upload: staging }
  return {
    pathOf: (item) => join(folders[item.kind], nameOf(item)),
    foldersOf: (kind) => [folders[kind]],
  }
}

export function nameOf(item: StoredItem): string {
  if (item.kind === 'sector') return String(item.number)
  return item.kind === 'piece' ? `${item.pieceCid}.car` : item.uploadId
}
