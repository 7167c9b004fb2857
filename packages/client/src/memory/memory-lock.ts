/** Locks among those who share this object: a page that is closed takes it along. */
import type { Lock } from '../ports.ts'

export function memoryLock(): Lock {
  const held = new Set<string>()
  return {
    async take(name) {
      if (held.has(name)) return undefined
      held.add(name)
      let isHeld = true
      return {
        async [Symbol.asyncDispose]() {
          // A second disposal must not free what somebody else has taken since.
          if (isHeld) held.delete(name)
          isHeld = false
        },
      }
    },
  }
}
