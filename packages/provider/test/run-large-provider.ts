/** What a provider does by itself, as a process of its own: the planner, proving, readiness, volumes, health. Says what it has used when it is asked. */

import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { profileNamed } from '@granary/proofs/profile'
import { createChainClient } from '@granary/protocol/client'
import { accountSigner } from '@granary/protocol/messages'
import { createAlerts } from '../src/alerts.ts'
import { createChainFollower } from '../src/chain/follow-chain.ts'
import { watchHealth } from '../src/health/watch-health.ts'
import { createMeans } from '../src/market/agreement-chain.ts'
import { createProver } from '../src/proving/prover.ts'
import { createSectorStore } from '../src/sectors/store.ts'
import { openStore } from '../src/storage/open-store.ts'
import { createWork } from '../src/work/create-work.ts'
import { createMemoryFeed } from './fake-feed.ts'
import { volumesIn } from './volumes-in.ts'

const { folder, url, provider } = JSON.parse(process.argv[2] ?? '') as { folder: string; url: string; provider: number }
const chain = createChainClient({ url })
const { height, blockTimeMs } = await chain.status()
const logged: Record<string, number> = {}
const log = ({ type, ...event }: { type: string }): void => {
  const what = 'message' in event ? `${type}: ${event.message}` : type
  logged[what] = (logged[what] ?? 0) + 1
}
const alerts = createAlerts(log)
const follower = createChainFollower({ chain, from: height })
const db = openStore(join(folder, 'provider.sqlite'))
const sectors = createSectorStore(db)
const profile = profileNamed('2KiB-test')
const profiles = [profile]
const partitions = (): number => sectors.countPartitions()
const work = createWork({
  ...{ db, folder, follower, chain, alerts, log, providerId: provider, profile, profiles, sealAfterMs: 0, blockTimeMs },
  ends: {
    isDealOver: async () => true,
    isDealRunning: async () => true,
    isSectorOver: async () => true,
    goesOn: () => {},
  },
  volumes: volumesIn(folder),
  parentsDir: join(folder, 'parents'),
  signer: accountSigner(new Uint8Array(32).fill(7)),
  deals: createMemoryFeed(),
  queue: { run: () => Promise.reject(new Error('nothing is sealed here')), slots: () => 0 },
  prover: createProver(),
  witness: { numbered: () => {} },
  securePieces: async () => true,
})
const health = watchHealth({
  ...{ chain, heard: follower.heard, providerId: provider, alerts, log, folder, diskReserveBytes: () => 0 },
  rolesMissing: () => [],
  isKeyWaiting: () => false,
  sessionKey: async () => undefined,
  means: createMeans({ chain, providerId: provider, profiles, partitions }),
})
follower.start()
work.start()
health.start()
createInterface({ input: process.stdin })
  .on('line', () => {
    const { user, system } = process.cpuUsage()
    process.stdout.write(`${JSON.stringify({ cpuMs: (user + system) / 1_000, logged, alerts: alerts.list() })}\n`)
  })
  .on('close', () => process.exit())
