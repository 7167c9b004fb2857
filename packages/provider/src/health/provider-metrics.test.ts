import { expect, test } from '@jest/globals'
import { createProviderMetrics } from './provider-metrics.ts'

const now = {
  ...{ ready: true, chain: { height: 7 }, alerts: 0, outbox: 0, disk: { freeBytes: 1 }, money: null },
  sectors: { proving: 1, failed: 0 },
}

test('a state that no deal is in any more says zero deals, or nothing', async () => {
  let deals: Record<string, number> = { published: 3 }
  const metrics = createProviderMetrics(() => ({ ...now, deals }) as never)
  expect(await metrics.text()).toContain('granary_provider_deals{state="published"} 3')
  deals = { active: 3 }
  const text = await metrics.text()
  expect(text).toContain('granary_provider_deals{state="active"} 3')
  expect(text).not.toMatch(/granary_provider_deals\{state="published"\} [^0]/)
})

test('what is counted by its result is zero before the first, so that a rate sees it', async () => {
  const text = await createProviderMetrics(() => ({ ...now, deals: {} }) as never).text()
  for (const result of ['accepted', 'missed', 'failed'])
    expect(text).toContain(`granary_provider_posts_total{result="${result}"} 0`)
  for (const result of ['sound', 'damaged'])
    expect(text).toContain(`granary_provider_replicas_read_total{result="${result}"} 0`)
})
