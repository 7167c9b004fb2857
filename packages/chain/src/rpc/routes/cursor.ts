/** Of a list, behind which its next page begins: a full page may have one. */
export function cursor<T>(items: readonly T[], limit: number, keyOf: (item: T) => number | string): string | null {
  const last = items.at(-1)
  return items.length < limit || last === undefined ? null : String(keyOf(last))
}
