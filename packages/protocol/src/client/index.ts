export type {
  AccountView,
  AskView,
  BlockView,
  ChainStatus,
  ChallengeKind,
  ChallengeView,
  DealState,
  DealView,
  HeaderView,
  MemberView,
  NodeClock,
  OpenChallengeView,
  OutsideProofView,
  Page,
  PartitionSector,
  PartitionView,
  ProofView,
  ProviderView,
  RandomnessView,
  SectorState,
  SectorView,
  SessionKeyView,
  SupplyView,
  TreeProofView,
  TxView,
} from '../chain-api/answers.ts'
export { chunksOf } from './chunks-of.ts'
export {
  type ChainClient,
  type ChainClientOptions,
  createChainClient,
  type DealFilter,
  type PartitionPlace,
  type ProofOptions,
  type RandomnessQuery,
  type SubmitOptions,
} from './create-chain-client.ts'
export { ChainAnswerError, ChainBehindError, ChainTxError, ChainUnreachableError, ForeignChainError } from './errors.ts'
export type { EventsOptions, FollowedEvent } from './follow-events.ts'
export { readBody } from './read-body.ts'
export { readServerSentEvents, type ServerSentEvent } from './read-server-sent-events.ts'
export type { CallOptions } from './request.ts'
export {
  committed,
  estimateFee,
  type FeeEstimate,
  isFeeError,
  isSequenceError,
  type SendMessageInput,
  type SendOptions,
  SIGNATURES_MAX,
  type SignedMessage,
  sendMessage,
  settle,
  signMessage,
} from './send-message.ts'
