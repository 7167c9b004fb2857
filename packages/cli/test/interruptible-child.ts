/** Works until it is interrupted, and then needs a moment to leave everything in order. */
import { setTimeout as wait } from 'node:timers/promises'
import { interruptible } from '../src/interruptible.ts'

await interruptible(async (signal) => {
  process.stdout.write('working\n')
  const alive = setInterval(() => undefined, 1_000)
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
  process.stdout.write('stopping\n')
  await wait(Number(process.argv[2]))
  clearInterval(alive)
  process.stdout.write('in order\n')
}, Number(process.argv[3]))
