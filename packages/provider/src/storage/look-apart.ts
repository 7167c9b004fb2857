/**
 * A look at a volume by a process of its own, for a program that has to end: one that has a thread in a call to a disk that hangs
 * does not end before that call does. The process is left to itself where its disk does not let go of it either.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { sleep } from '@granary/base'
import { type DiskRoom, diskLooks, type Looks } from './disk-looks.ts'

export interface SeenVolume {
  /** The same for two paths of one folder; null where there is none. */
  readonly folder: string | null
  /** Of volume.json; null where there is none that can be read. */
  readonly record: string | null
  /** Names of what is in each of its folders. */
  readonly names: Readonly<Record<'sectors' | 'pieces' | 'staging', readonly string[]>>
  /** Of what was set aside in them, as paths below the volume. */
  readonly aside: readonly string[]
}

/** As long as the daemon waits before it says that a volume is away (docs/adr/0078-a-volume-that-hangs.md). */
const ANSWER_MS = 10_000

const LOOK = `
const fs = require('node:fs')
const { argv, stdout } = process
const [at, aside] = argv.slice(1)
const orNull = (look) => { try { return look() } catch { return null } }
const namesIn = (folder) => orNull(() => fs.readdirSync(at + '/' + folder)) ?? []
const stat = orNull(() => fs.statSync(at))
const folders = ['sectors', 'pieces', 'staging']
stdout.write(JSON.stringify({
  folder: stat && stat.dev + '/' + stat.ino,
  record: orNull(() => fs.readFileSync(at + '/volume.json', 'utf8')),
  names: Object.fromEntries(folders.map((name) => [name, namesIn(name)])),
  aside: folders.flatMap((name) => namesIn(name + '/' + aside).map((each) => name + '/' + aside + '/' + each)),
}))`

/** @returns undefined: its disk does not answer @throws where no process could look */
export async function lookApart(path: string, asideName: string): Promise<SeenVolume | undefined> {
  const looker = spawn(process.execPath, ['-e', LOOK, path, asideName], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const answered = new AbortController()
  const failed = once(looker, 'error').then(([error]) => Promise.reject(error))
  try {
    const said = await Promise.race([text(looker.stdout), failed, sleep(ANSWER_MS, answered.signal)])
    return said === undefined ? undefined : (JSON.parse(said) as SeenVolume)
  } finally {
    answered.abort()
    looker.kill('SIGKILL')
    looker.unref()
    looker.stdout.destroy()
  }
}

const noRoom: DiskRoom = { bytes: 0, freeBytes: 0, device: -1 }

/** On those volumes nothing is seen, as none of them answers. */
export function looksWithout(silent: readonly string[]): Looks {
  const isSilent = (path: string): boolean => silent.some((each) => path === each || path.startsWith(`${each}/`))
  const beside =
    <Seen>(look: (path: string) => Seen, unseen: Seen) =>
    (path: string): Seen =>
      isSilent(path) ? unseen : look(path)
  return {
    exists: beside(diskLooks.exists, false),
    text: beside(diskLooks.text, undefined),
    isWritable: beside(diskLooks.isWritable, false),
    names: beside(diskLooks.names, []),
    room: beside(diskLooks.room, noRoom),
    file: beside(diskLooks.file, undefined),
    silentMs: (path) => (isSilent(path) ? ANSWER_MS : 0),
  }
}
