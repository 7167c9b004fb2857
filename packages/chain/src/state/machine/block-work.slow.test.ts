import { blockWorkTest } from '../../../test/block-work-test.ts'

blockWorkTest(1_000, 100_000, 600_000)
