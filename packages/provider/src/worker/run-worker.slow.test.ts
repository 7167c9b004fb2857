/** Workers as processes of their own, a real Redis, real sectors; the provider's side is its queue alone, which seals nothing itself. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { toHex } from '@granary/base'
import { sealingVersion } from '@granary/proofs/engine'
import { profileNamed } from '@granary/proofs/profile'
import { sealSector } from '@granary/proofs/seal'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { BackendUnderTest } from '../../test/job-queue-contract.ts'
import { startRedis } from '../../test/start-redis.ts'
import { createAlerts } from '../alerts.ts'
import { createQueue } from '../queue/create-queue.ts'
import { type JobQueue, resultOf } from '../queue/job-queue.ts'
import type { ProviderJobs, SealInput, SealResult } from '../sealing/jobs.ts'
import { workVersion } from '../sealing/work-version.ts'

const REDIS_SERVER = '/usr/bin/redis-server'
const program = fileURLToPath(new URL('../../test/worker-process.ts', import.meta.url))
const TIMEOUT_MS = 60_000

interface Line {
  readonly type: string
  readonly code?: string
  readonly message?: string
  readonly id?: string
}

interface WorkerProcess {
  readonly child: ChildProcess
  /** Resolves with the first line of that type. */
  says(type: string): Promise<Line>
  /** Of that type, so far. */
  said(type: string): readonly Line[]
}

const redisIsHere = existsSync(REDIS_SERVER)
const suite = redisIsHere ? describe : describe.skip
suite(`workers on other machines${redisIsHere ? '' : `: ${REDIS_SERVER} is not there; apt-get install redis-server`}`, () => {
  let folder: string
  let redis: BackendUnderTest
  let queue: JobQueue<ProviderJobs>
  let payload: string
  const alerts = createAlerts(() => {})
  const workers: WorkerProcess[] = []
  const mark = (): string => join(folder, 'volume.json')

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'granary-worker-'))
    payload = join(folder, 'piece.car')
    await writeFile(payload, randomBytes(1_000_000))
    await writeFile(mark(), '{ "id": "the-one" }')
    redis = await startRedis(REDIS_SERVER)
    queue = await createQueue<ProviderJobs>({
      ...{ folder: join(folder, 'queue'), redisUrl: redis.redisUrl, parallel: 0, alerts },
      offer: () => ({
        ...{ owner: '0x01', version: workVersion(), isHomeUsed: true },
        marks: [{ path: mark(), text: 'the-one' }],
      }),
    })
  })

  afterEach(() => {
    for (const { child } of workers.splice(0)) child.kill('SIGKILL')
  })

  afterAll(async () => {
    await queue?.stop()
    await redis?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  function startWorker(env: NodeJS.ProcessEnv = {}): WorkerProcess {
    const args = ['--conditions=@granary/source', program, redis.redisUrl!, join(folder, 'cache')]
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning', ...env },
    })
    const lines: Line[] = []
    const reader = createInterface({ input: child.stdout })
    reader.on('line', (text) => lines.push(JSON.parse(text) as Line))
    const worker: WorkerProcess = {
      child,
      said: (type) => lines.filter((line) => line.type === type),
      says: async (type) => {
        while (!lines.some((line) => line.type === type)) await once(reader, 'line')
        return lines.find((line) => line.type === type)!
      },
    }
    workers.push(worker)
    return worker
  }

  function inputOf(sector: number): SealInput {
    return {
      ...{ profile: '8MiB-dev', provider: 1_000, sector, ticket: toHex(new Uint8Array(32).fill(7)) },
      pieces: [{ path: payload, payloadSize: 1_000_000, paddedSize: 2 ** 20 }],
      ...{ dir: join(folder, 'sectors', String(sector)), parentsDir: join(folder, 'not-here') },
    }
  }

  const seal = async (sector: number) => {
    const input = { sectors: [inputOf(sector)] }
    const { sectors } = await queue.run({ kind: 'seal', id: `seal-${sector}`, input })
    return resultOf(sectors[0]!) as SealResult
  }

  async function sealedHere(sector: number): Promise<string> {
    const { ticket: _, ...input } = inputOf(sector)
    const sealed = await sealSector({
      ...{ ...input, profile: profileNamed('8MiB-dev'), sectorNumber: sector, ticket: new Uint8Array(32).fill(7) },
      ...{ dir: join(folder, `here-${sector}`), parentsDir: join(folder, 'cache', 'parents') },
    })
    return toHex(sealed.commR)
  }

  test(
    'a job that no worker is there for is an alert, which ends with the first that comes',
    async () => {
      const sealing = seal(4)
      while (alerts.list().length === 0) await sleep(100)
      expect(alerts.list()).toMatchObject([
        { code: 'WORKERS_MISSING', hint: expect.stringContaining('provider worker') },
      ])
      const worker = startWorker()
      await worker.says('worker:job')
      await sealing
      while (alerts.list().length > 0) await sleep(100)
      worker.child.kill('SIGTERM')
      await once(worker.child, 'exit')
    },
    TIMEOUT_MS,
  )

  test(
    'a worker that is killed in the middle of a step loses nothing: one that is added goes on with it',
    async () => {
      const first = startWorker()
      await first.says('ready')
      const sealing = seal(1)
      await first.says('worker:job')
      first.child.kill('SIGKILL')
      const second = startWorker()
      const { commR } = await sealing
      expect(second.said('worker:job')).toMatchObject([{ id: 'seal-1' }])
      expect(commR).toBe(await sealedHere(1))
    },
    TIMEOUT_MS,
  )

  test(
    'one that is stopped gives back what it is at, to another at once; none needs a restart for it',
    async () => {
      const [first, second] = [startWorker(), startWorker()]
      await Promise.all([first.says('ready'), second.says('ready')])
      const sealing = seal(2)
      const taker = await Promise.race([
        first.says('worker:job').then(() => first),
        second.says('worker:job').then(() => second),
      ])
      taker.child.kill('SIGTERM')
      const other = taker === first ? second : first
      expect(await other.says('worker:job')).toMatchObject({ id: 'seal-2' })
      expect((await sealing).commR).toBe(await sealedHere(2))
    },
    TIMEOUT_MS,
  )

  test(
    "without the provider's folders a worker says so and does not start; where they vanish it takes nothing until they are back",
    async () => {
      await rename(mark(), `${mark()}.away`)
      const refused = await startWorker().says('refused')
      expect(refused).toMatchObject({ code: 'SHARED_FOLDER_MISSING', message: expect.stringContaining(mark()) })
      await rename(`${mark()}.away`, mark())

      const worker = startWorker()
      await worker.says('ready')
      await rename(mark(), `${mark()}.away`)
      expect(await worker.says('worker:hindered')).toMatchObject({ code: 'SHARED_FOLDER_MISSING' })
      const sealing = seal(3)
      await rename(`${mark()}.away`, mark())
      await worker.says('worker:resumed')
      await sealing
      expect(worker.said('worker:job')).toMatchObject([{ id: 'seal-3' }])
    },
    TIMEOUT_MS,
  )

  test(
    'a worker of another release, which knows another form of jobs, is refused by its name and given none',
    async () => {
      const offer = () => ({
        ...{ owner: '0x02', version: { ...workVersion(), 'form of jobs': '1' }, isHomeUsed: true },
        marks: [],
      })
      const older = await createQueue<ProviderJobs>({
        ...{ folder: join(folder, 'older'), redisUrl: redis.redisUrl, parallel: 0, offer },
      })
      const worker = startWorker()
      const hindered = await worker.says('worker:hindered')
      const message = expect.stringMatching(/its form of jobs is 3, the provider's is 1/)
      expect(hindered).toMatchObject({ code: 'WORKER_REFUSED', message })
      expect(older.slots()).toBe(0)
      await older.stop()
    },
    TIMEOUT_MS,
  )

  test(
    'a worker with another kernel is refused by its name',
    async () => {
      const refused = await startWorker({ GRANARY_KERNEL: sealingVersion().kernel === 'TypeScript' ? 'c' : 'ts' }).says(
        'refused',
      )
      const message = expect.stringMatching(/its kernel is .*, the provider's is /)
      expect(refused).toMatchObject({ code: 'WORKER_REFUSED', message })
    },
    TIMEOUT_MS,
  )
})
