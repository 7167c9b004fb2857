/** Locks of the origin (https://w3c.github.io/web-locks/): among all of its tabs and workers, free when the holder's page ends. */
import type { Lock } from '../ports.ts'

const PREFIX = 'granary-'

export function webLock(): Lock {
  return { take: takeWebLock }
}

/** Undefined when another page, or another call in this one, holds it. */
export function takeWebLock(name: string): Promise<AsyncDisposable | undefined> {
  return new Promise((resolve, reject) => {
    const ended = navigator.locks.request(PREFIX + name, { ifAvailable: true }, async (lock) => {
      if (lock === null) return resolve(undefined)
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      resolve({
        async [Symbol.asyncDispose]() {
          release()
          // Who asks before the browser has it back is told that it is held.
          await ended
        },
      })
      await released
    })
    ended.catch(reject)
  })
}
