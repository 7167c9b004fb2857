/**
 * What lies on the volumes, as `du` counts it: counted once by walking them, then kept. What changes on a volume is counted anew by
 * itself, and all of it by a walk in the background now and then, since others may change what lies there too.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesOf, bytesUnder } from './bytes-under.ts'

export type KindBytes = Readonly<Record<'sector' | 'piece' | 'upload', number>>

interface CountedVolume {
  readonly id: string
  readonly folders: Readonly<Record<keyof KindBytes, string>>
}

export interface VolumeFigures {
  /** Waits for a walk only the first time, or for one that is newer than `atMostMs`. */
  of(volume: CountedVolume, atMostMs?: number): Promise<KindBytes>
  /** Undefined before the first walk. */
  known(volume: CountedVolume): KindBytes | undefined
  /** These names in the folder of that kind are counted anew. */
  count(volume: CountedVolume, kind: keyof KindBytes, names: readonly string[]): Promise<void>
}

const WALK_EVERY_MS = 10 * 60_000
const kinds = ['sector', 'piece', 'upload'] as const

interface Counted {
  readonly walkedAtMs: number
  /** By name; '' is the folder itself. */
  readonly entries: Readonly<Record<keyof KindBytes, Map<string, number>>>
  readonly sums: Record<keyof KindBytes, number>
}

export function createVolumeFigures(nowMs: () => number): VolumeFigures {
  const kept = new Map<string, Counted>()
  const walks = new Map<string, Promise<Counted>>()
  /** What has changed while a walk is under way, which may have been there before. */
  const changed = new Map<string, Set<string>>()

  async function walk(volume: CountedVolume): Promise<Counted> {
    const walkedAtMs = nowMs()
    const since = new Set<string>()
    changed.set(volume.id, since)
    const counted: Counted = {
      walkedAtMs,
      entries: { sector: new Map(), piece: new Map(), upload: new Map() },
      sums: { sector: 0, piece: 0, upload: 0 },
    }
    for (const kind of kinds)
      for (const name of ['', ...(await namesIn(volume.folders[kind]))]) await countEntry(counted, volume, kind, name)
    for (const each of since) {
      const [kind, name] = each.split('/') as [keyof KindBytes, string]
      await countEntry(counted, volume, kind, name)
    }
    changed.delete(volume.id)
    kept.set(volume.id, counted)
    return counted
  }

  function walkOnce(volume: CountedVolume): Promise<Counted> {
    const before = walks.get(volume.id)
    if (before !== undefined) return before
    const walking = walk(volume).finally(() => walks.delete(volume.id))
    walks.set(volume.id, walking)
    return walking
  }

  return {
    of: async (volume, atMostMs = Number.POSITIVE_INFINITY) => {
      const known = kept.get(volume.id)
      const ageMs = known === undefined ? Number.POSITIVE_INFINITY : nowMs() - known.walkedAtMs
      if (known === undefined || ageMs > atMostMs) return (await walkOnce(volume)).sums
      // Its end is waited for by nobody: a disk that fails meanwhile is seen elsewhere.
      if (ageMs > WALK_EVERY_MS) walkOnce(volume).catch(() => {})
      return known.sums
    },
    known: ({ id }) => kept.get(id)?.sums,
    count: async (volume, kind, names) => {
      for (const name of ['', ...names]) {
        changed.get(volume.id)?.add(`${kind}/${name}`)
        const known = kept.get(volume.id)
        if (known !== undefined) await countEntry(known, volume, kind, name)
      }
    },
  }
}

async function countEntry(
  { entries, sums }: Counted,
  { folders }: CountedVolume,
  kind: keyof KindBytes,
  name: string,
): Promise<void> {
  const path = join(folders[kind], name)
  const bytes = name === '' ? await bytesOf(path) : await bytesUnder(path)
  // Read and written without waiting: two of one name add up to the later one.
  sums[kind] += bytes - (entries[kind].get(name) ?? 0)
  if (bytes === 0) entries[kind].delete(name)
  else entries[kind].set(name, bytes)
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => [])
}
