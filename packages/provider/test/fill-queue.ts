/** Fills a queue and keeps it busy until it is killed. Prints a line once a job is running. */
import { createQueue } from '../src/queue/create-queue.ts'
import type { TestJobs } from './echo-processor.ts'

const folder = process.argv[2]
if (folder === undefined) throw new Error('usage: fill-queue.ts FOLDER')
const processor = new URL('./echo-processor.ts', import.meta.url)
const queue = await createQueue<TestJobs>({ folder, processor })
const onProgress = (): unknown => process.stdout.write('running\n')
const hold = (id: string): Promise<string> => queue.run({ kind: 'hold', id, input: { ms: 60_000 } }, { onProgress })
await Promise.all(Array.from({ length: 50 }, (_, index) => hold(`held-${index}`)))
