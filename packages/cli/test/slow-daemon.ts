/** A daemon that takes its time to start, `Infinity` for ever, and says what is done with it. */
import { createReadStream } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { runDaemon } from '../src/run-daemon.ts'

const [startMs, stuckOn] = [Number(process.argv[2]), process.argv[3]]

await runDaemon(process, {
  role: 'gateway',
  json: true,
  withParent: false,
  async start(_log, signal) {
    // A file that does not open: not even `process.exit` gets past the thread that waits for it.
    if (stuckOn !== undefined) createReadStream(stuckOn)
    process.stdout.write('starting\n')
    const alive = setInterval(() => undefined, 1_000)
    signal.addEventListener('abort', () => process.stdout.write('asked to stop\n'))
    await (Number.isFinite(startMs) ? wait(startMs) : new Promise(() => undefined))
    clearInterval(alive)
    return {
      daemon: { url: 'http://127.0.0.1:0', stop: async () => void process.stdout.write('stopped\n') },
      facts: {},
    }
  },
})
