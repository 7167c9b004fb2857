/** The clock of the machine, with the platform's timers: in Node and in a browser alike. */
import { sleep } from '@granary/base'
import type { Clock } from './ports.ts'

/** The clock of the machine. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep,
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
}
