/** The clock of the machine, with the platform's timers: in Node and in a browser alike. */
import { sleep } from './sleep.ts'

/** The clock of the machine. */
export const systemClock = {
  nowMs: (): number => Date.now(),
  sleep,
  after(ms: number, call: () => void): Disposable {
    const timer = setTimeout(call, ms)
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
}
