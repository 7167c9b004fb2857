import { test } from '@jest/globals'
import { compareRandomRewards } from '../../../test/rewards-model.ts'

test('what is credited is what each sector earned epoch by epoch, by hundreds of random providers', () => {
  compareRandomRewards(400)
}, 3_600_000)
