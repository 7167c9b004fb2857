/** What a provider stores, and the names that it has in the folders of a volume. */
export type StoredItem =
  /** A folder. */
  | { readonly kind: 'sector'; readonly number: number }
  | { readonly kind: 'piece'; readonly pieceCid: string }
  | { readonly kind: 'upload'; readonly uploadId: string }

/** Before the name of what is being copied to where it belongs: it is nothing until it is whole. */
export const MOVING = 'moving-'

export function nameOf(item: StoredItem): string {
  if (item.kind === 'sector') return String(item.number)
  return item.kind === 'piece' ? `${item.pieceCid}.car` : item.uploadId
}

/** Undefined: that is the name of nothing that is stored. */
export function itemNamed(kind: 'sector' | 'piece', name: string): StoredItem | undefined {
  if (kind === 'sector') return /^(0|[1-9]\d{0,14})$/.test(name) ? { kind, number: Number(name) } : undefined
  return name.endsWith('.car') && !name.startsWith(MOVING)
    ? { kind, pieceCid: name.slice(0, -'.car'.length) }
    : undefined
}

export function keyOf(item: StoredItem): string {
  return `${item.kind}/${nameOf(item)}`
}
