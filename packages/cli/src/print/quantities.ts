/** Numbers as people read them. */
const KIB = 1024
const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= KIB && unit < units.length - 1) {
    value /= KIB
    unit += 1
  }
  const text = unit === 0 || Number.isInteger(value) ? `${value}` : value.toFixed(1)
  return bytes === 1 ? '1 byte' : `${text} ${units[unit]}`
}

/** `8MiB`, `256B`: for a cell that has to be narrow. */
export function shortBytes(bytes: number): string {
  return formatBytes(bytes)
    .replace(/ bytes?$/, 'B')
    .replace(' ', '')
}

/** `3.42 s`, `2 min 05 s`. */
export function formatMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`
  const seconds = Math.round(ms / 1_000)
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
}

export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
