/**
 * Prints what a provider of a hundred thousand sectors in a thousand partitions takes by itself, on a chain that is made up:
 * bytes from and to its chain, and processor. The sectors are real ones that share the bytes of one, so that they are
 * rehearsed and their challenges answered. `node --conditions=@granary/source packages/provider/test/measure-large-provider.ts [looks]`
 */
import { spawn } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { profileNamed } from '@granary/proofs/profile'
import { createSectorStore } from '../src/sectors/store.ts'
import { openStore } from '../src/storage/open-store.ts'
import { PROVIDER, serveLargeChain } from './large-chain.ts'
import { sealSectors } from './sealed-sectors.ts'

const PARTITIONS = 1_000
const SECTORS_EACH = 100
const LOOK_MS = 60_000
const QUIET_LOOK_MS = 5_000
/** Of processor time in such a look. */
const QUIET_MS = 400

interface Used {
  readonly cpuMs: number
  readonly logged: Record<string, number>
  readonly alerts: readonly object[]
}

const looks = Number(process.argv[2] ?? 5)
const folder = await mkdtemp(join(tmpdir(), 'granary-large-'))
try {
  const commR = await makeHome(folder)
  const served = await serveLargeChain({
    ...{ partitions: PARTITIONS, sectorsEach: SECTORS_EACH, profile: '2KiB-test' },
    commR: commR as `0x${string}`,
  })
  const program = join(import.meta.dirname, 'run-large-provider.ts')
  const input = JSON.stringify({ folder, url: served.url, provider: PROVIDER })
  const child = spawn(process.execPath, [...process.execArgv, program, input], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.once('exit', (code, by) => console.info(`the provider ended: ${code ?? by}`))
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const used = async (): Promise<Used> => {
    child.stdin.write('\n')
    return JSON.parse(String((await answers.next()).value)) as Used
  }
  // What follows a start is each partition's first rehearsal, and a thousand sectors' own checks.
  for (let before = await used(), quiet = 0; quiet < 3; ) {
    await sleep(QUIET_LOOK_MS)
    const now = await used()
    quiet = now.cpuMs - before.cpuMs < QUIET_MS ? quiet + 1 : 0
    before = now
  }
  console.info('quiet after the start')
  for (let look = 0; look < looks; look++) {
    const [before, bytesBefore, startMs] = [await used(), served.bytes(), performance.now()]
    await sleep(LOOK_MS)
    const after = await used()
    const seconds = (performance.now() - startMs) / 1_000
    const share = (after.cpuMs - before.cpuMs) / 10 / seconds
    console.info(
      `${share.toFixed(2)} % of a core, ${Math.round((served.bytes() - bytesBefore) / seconds)} bytes a second, ${served.chain.counted().answered} challenges answered`,
    )
    if (look === looks - 1) console.info(after.logged, after.alerts)
  }
  child.stdin.end()
  served.stop()
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** @returns each sector's commR */
async function makeHome(home: string): Promise<string> {
  const profile = profileNamed('2KiB-test')
  const [sealed] = await sealSectors(home, { profile, provider: PROVIDER, numbers: [1] })
  if (sealed === undefined) throw new Error('nothing was sealed')
  const { commR, dir } = sealed
  const manifest = await readFile(join(dir, 'manifest.json'), 'utf8')
  const others = (await readdir(dir)).filter((name) => name !== 'manifest.json')
  const db = openStore(join(home, 'provider.sqlite'))
  createSectorStore(db)
  const phase = { state: 'proving', commR, activatedAt: 1, expiry: 9_000_000, finalized: true }
  db.prepare(
    `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
     INSERT INTO sectors (number, state, phase, opened_at_ms)
     SELECT n, 'proving', json_set(?, '$.partition', (n - 1) / ${SECTORS_EACH}), 0 FROM numbers`,
  ).run(PARTITIONS * SECTORS_EACH, JSON.stringify(phase))
  db.close()
  for (let number = 2; number <= PARTITIONS * SECTORS_EACH; number++) {
    const own = join(home, 'sectors', String(number))
    mkdirSync(own)
    writeFileSync(join(own, 'manifest.json'), manifest.replace(/("sectorNumber": )1\b/, `$1${number}`))
    for (const name of others) symlinkSync(join(dir, name), join(own, name))
  }
  return commR
}
