/** A worker as a process of its own: `redis url`, `cache`. It says what it does, a line of JSON each. */
import { GranaryError } from '@granary/base'
import { runWorker } from '../src/worker/run-worker.ts'

const [queueUrl = '', cacheHome = ''] = process.argv.slice(2)
const say = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`)
try {
  const worker = await runWorker({ queueUrl, cacheHome, parallel: 1, log: say })
  say({ type: 'ready', serves: worker.serves() })
  process.once('SIGTERM', () => void worker.stop())
} catch (error) {
  if (!GranaryError.is(error)) throw error
  say({ type: 'refused', code: error.code, message: error.message })
}
