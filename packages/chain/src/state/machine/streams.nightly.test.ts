import { randomStreamsTest } from '../../../test/random-streams-test.ts'

randomStreamsTest(2_000, 7_200_000)
