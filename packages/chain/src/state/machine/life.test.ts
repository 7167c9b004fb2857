import { lifeTest } from '../../../test/life-test.ts'

lifeTest({ lives: 6, seed: 102, timeoutMs: 60_000 })
