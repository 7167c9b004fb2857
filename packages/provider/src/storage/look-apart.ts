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
  /** The same of each of its folders that is there. */
  readonly inside: readonly string[]
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
const folderAt = (path) => orNull(() => { const { dev, ino } = fs.statSync(path); return dev + '/' + ino })
const folders = ['sectors', 'pieces', 'staging']
stdout.write(JSON.stringify({
  folder: folderAt(at),
  inside: folders.map((name) => folderAt(at + '/' + name)).filter((folder) => folder !== null),
  record: orNull(() => fs.readFileSync(at + '/volume.json', 'utf8')),
  names: Object.fromEntries(folders.map((name) => [name, namesIn(name)])),
  aside: folders.flatMap((name) => namesIn(name + '/' + aside).map((each) => name + '/' + aside + '/' + each)),
}))`

/** A disk that is full takes this, one that the system has made read-only does not, and one whose writes hang says nothing. */
const TOUCH = `
const fs = require('node:fs')
const { argv, stdout } = process
const touch = (path) => {
  const file = fs.openSync(path, 'r+')
  fs.futimesSync(file, new Date(), new Date())
  fs.fsyncSync(file)
}
try { touch(argv[1] + '/volume.json'); stdout.write('true') } catch { stdout.write('false') }`

/** Which of the others the first path leads to by links, without a look at what is there. */
const FOLLOW = `
const fs = require('node:fs')
const { dirname, resolve } = require('node:path')
const { argv, stdout } = process
const [path, ...volumes] = argv.slice(1)
const linkAt = (at) => { try { return fs.readlinkSync(at) } catch { return undefined } }
const follow = (at, left) => {
  const parts = at.split('/').slice(1)
  for (let count = 1; count <= parts.length; count += 1) {
    const part = '/' + parts.slice(0, count).join('/')
    if (volumes.includes(part)) return count === parts.length ? part : null
    const to = linkAt(part)
    if (to !== undefined) return left === 0 ? null : follow(resolve(dirname(part), to, ...parts.slice(count)), left - 1)
  }
  return null
}
stdout.write(JSON.stringify(follow(path, 40)))`

/** @returns undefined: its disk does not answer @throws where no process could look */
export async function lookApart(path: string, asideName: string): Promise<SeenVolume | undefined> {
  return (await askApart(LOOK, [path, asideName])) as SeenVolume | undefined
}

/** Whether what lies on a volume can be changed; false too where nothing is heard of it. */
export async function takesWrites(volume: string): Promise<boolean> {
  return (await askApart(TOUCH, [volume])) === true
}

/** The one of these volumes that a path of links leads to, though its disk may not answer. */
export async function volumeBehind(path: string, volumes: readonly string[]): Promise<string | undefined> {
  return ((await askApart(FOLLOW, [path, ...volumes])) as string | null | undefined) ?? undefined
}

async function askApart(script: string, given: readonly string[]): Promise<unknown> {
  const looker = spawn(process.execPath, ['-e', script, ...given], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const answered = new AbortController()
  const failed = once(looker, 'error').then(([error]) => Promise.reject(error))
  try {
    const said = await Promise.race([text(looker.stdout), failed, sleep(ANSWER_MS, answered.signal)])
    return said === undefined ? undefined : JSON.parse(said)
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
