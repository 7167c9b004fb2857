import { randomStreamsTest } from '../../../test/random-streams-test.ts'

randomStreamsTest(40, 300_000)
