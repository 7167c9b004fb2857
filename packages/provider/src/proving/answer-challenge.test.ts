import type { ChallengeView } from '@granary/protocol/client'
import { expect, test } from '@jest/globals'
import { createAlerts } from '../alerts.ts'
import { answerChallenge } from './answer-challenge.ts'
import type { SpacetimeInput } from './post-job.ts'
import type { ProvingContext } from './proving-context.ts'
import { createSectorHealth } from './sector-health.ts'

test('a sector whose disk was silent when its challenge came is proven with the others once it answers', async () => {
  const alerts = createAlerts(() => {})
  const health = createSectorHealth(alerts)
  let isSilent = true
  const sent: unknown[] = []
  const context = {
    ...{ alerts, health, folder: '/nowhere', providerId: 1_000, log: () => {} },
    posts: { opened: () => true, closed: () => {} },
    store: { has: () => false },
    deals: { record: () => {} },
    late: { write: (write: () => void) => write() },
    readiness: { answered: () => {} },
    head: { height: () => 5, reached: () => new Promise(() => {}) },
    volumes: { pathOf: () => (isSilent ? '/home/silent/7' : '/disk/sectors/7') },
    prover: {
      answer: async ({ sectors, skipped }: SpacetimeInput) => {
        if (sectors[0]?.dir.startsWith('/disk')) return { bundle: new Uint8Array(3), proveMs: 1 }
        if (skipped.length > 0) return { bundle: new Uint8Array(2), proveMs: 1 }
        // It wakes, and what was found wrong meanwhile is known to be nothing.
        setImmediate(() => {
          isSilent = false
          health.mended(7)
        })
        return { damaged: [{ number: 7, position: 0, reason: 'its folder is gone' }] }
      },
    },
    lanes: {
      send: async (_lane: number, _kind: string, body: object) => {
        sent.push(body)
        return { height: 6 }
      },
    },
  } as unknown as ProvingContext
  const challenge = {
    ...{ provider: 1_000, partition: 0, kind: 'post', profile: '2KiB-test', epoch: 4, deadline: 20, count: 3 },
    ...{ randomness: `0x${'00'.repeat(32)}`, sectors: [{ number: 7, commR: `0x${'00'.repeat(32)}` }] },
  } as unknown as ChallengeView
  expect(await answerChallenge(context, challenge, new AbortController().signal)).toBe(true)
  expect(sent).toMatchObject([{ skipped: [], challengeEpoch: 4 }])
})
