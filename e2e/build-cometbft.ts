/** Builds CometBFT before the tests that run it, so that its minutes are in no test's time: `node e2e/build-cometbft.ts`. */
import { COMETBFT, canBeBuilt, goProgram } from './go-program.ts'

process.stdout.write(
  canBeBuilt(COMETBFT)
    ? `${goProgram(COMETBFT)}\n`
    : 'no Go here that builds CometBFT and has what it is made of: its tests will be skipped\n',
)
