import { lifeTest } from '../../../test/life-test.ts'

lifeTest({ lives: 1_000, timeoutMs: 3_600_000 })
