import { blockWorkTest } from '../../../test/block-work-test.ts'

blockWorkTest(1_000, 4_000, 60_000)
