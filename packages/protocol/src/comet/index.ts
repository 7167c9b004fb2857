/** `@granary/protocol/comet`: headers of CometBFT and their validators' votes, verified anywhere. Loaded where a chain runs on it. */
export {
  type CometCommit,
  type CometValidator,
  type CometVoter,
  cometCommit,
  GENESIS_POWER,
  genesisValidators,
  hashValidators,
  voteSignBytes,
} from './comet-commit.ts'
export { type CometHeader, cometChainId, cometHeader, hashCometHeader } from './comet-header.ts'
export { type CometGenesis, type CometVerifierOptions, cometHeaderVerifier } from './comet-header-verifier.ts'
export { HeaderFromFutureError, TrustExpiredError } from './errors.ts'
