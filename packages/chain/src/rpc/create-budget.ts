/** So much for each address in each window of time. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

export interface Budget {
  /** @returns undefined when it was there; otherwise in how many seconds there is some again */
  spend(address: string | undefined, points: number): Promise<number | undefined>
}

export function createBudget(points: number, seconds: number): Budget {
  const limiter = new RateLimiterMemory({ points, duration: seconds })
  return {
    async spend(address, spent) {
      if (address === undefined) return undefined
      try {
        await limiter.consume(address, spent)
        return undefined
      } catch (reason) {
        if (!(reason instanceof RateLimiterRes)) throw reason
        return Math.max(1, Math.ceil(reason.msBeforeNext / 1000))
      }
    },
  }
}
