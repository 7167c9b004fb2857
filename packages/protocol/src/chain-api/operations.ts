/** All that can be asked of a node: docs/spec/chain.md, section 8. */

import * as z from 'zod/mini'
import { isDerived } from '../header/tree-keys.ts'
import { address, cid, hash } from '../json/forms.ts'
import type { NodeOperation } from '../operation/operation.ts'
import {
  accountAnswer,
  blockAnswer,
  challengeAnswer,
  challengeKind,
  challengesAnswer,
  dealAnswer,
  dealsAnswer,
  genesisAnswer,
  healthAnswer,
  memberState,
  membersAnswer,
  paramsAnswer,
  partitionAnswer,
  partitionsAnswer,
  proofAnswer,
  providerAnswer,
  providersAnswer,
  randomnessAnswer,
  sectorAnswer,
  sessionKeyAnswer,
  sessionKeysAnswer,
  statusAnswer,
  supplyAnswer,
  txAnswer,
} from './answers.ts'
import { idList, natural, nothing, page, pageBehindKey } from './forms.ts'

const id = z.strictObject({ id: natural })
const pageQuery = z.strictObject(page)

export const getHealth = {
  id: 'getHealth',
  method: 'get',
  path: '/healthz',
  summary: 'Whether the node makes blocks',
  params: nothing,
  query: z.unknown(),
  answer: healthAnswer,
  errors: ['CHAIN_HALTED'],
} as const satisfies NodeOperation

export const getStatus = {
  id: 'getStatus',
  method: 'get',
  path: '/v1/status',
  summary: 'Which chain this is, and where it stands',
  params: nothing,
  query: nothing,
  answer: statusAnswer,
  errors: [],
} as const satisfies NodeOperation

export const getParams = {
  id: 'getParams',
  method: 'get',
  path: '/v1/params',
  summary: 'The parameters of the chain, and what messages cost in the next block',
  params: nothing,
  query: nothing,
  answer: paramsAnswer,
  errors: [],
} as const satisfies NodeOperation

export const getSupply = {
  id: 'getSupply',
  method: 'get',
  path: '/v1/supply',
  summary: 'Where all money is, what was minted and burnt, and what a proven GiB earns',
  params: nothing,
  query: nothing,
  answer: supplyAnswer,
  errors: [],
} as const satisfies NodeOperation

export const getGenesis = {
  id: 'getGenesis',
  method: 'get',
  path: '/v1/genesis',
  summary: 'What the chain began with',
  params: nothing,
  query: nothing,
  answer: genesisAnswer,
  errors: [],
} as const satisfies NodeOperation

export const getAccount = {
  id: 'getAccount',
  method: 'get',
  path: '/v1/accounts/{address}',
  summary: 'Balance and sequences of an account; any address has one',
  params: z.strictObject({ address }),
  query: nothing,
  answer: accountAnswer,
  errors: [],
} as const satisfies NodeOperation

export const listSessionKeys = {
  id: 'listSessionKeys',
  method: 'get',
  path: '/v1/accounts/{address}/keys',
  summary: 'The session keys that an account has authorised, those that have expired too, in the order of their hex',
  params: z.strictObject({ address }),
  query: z.strictObject(pageBehindKey),
  answer: sessionKeysAnswer,
  errors: [],
} as const satisfies NodeOperation

export const getSessionKey = {
  id: 'getSessionKey',
  method: 'get',
  path: '/v1/accounts/{address}/keys/{publicKey}',
  summary: 'A session key of an account: what it may sign, until when, and what it has spent',
  params: z.strictObject({ address, publicKey: hash }),
  query: nothing,
  answer: sessionKeyAnswer,
  errors: ['KEY_NOT_FOUND'],
} as const satisfies NodeOperation

export const listProviders = {
  id: 'listProviders',
  method: 'get',
  path: '/v1/providers',
  summary: 'Providers in the order of their ids',
  params: nothing,
  query: pageQuery,
  answer: providersAnswer,
  errors: [],
} as const satisfies NodeOperation

export const getProvider = {
  id: 'getProvider',
  method: 'get',
  path: '/v1/providers/{id}',
  summary: 'A provider with its ask and its collateral',
  params: id,
  query: nothing,
  answer: providerAnswer,
  errors: ['PROVIDER_NOT_FOUND'],
} as const satisfies NodeOperation

export const listPartitions = {
  id: 'listPartitions',
  method: 'get',
  path: '/v1/providers/{id}/partitions',
  summary: 'The partitions of a provider, without their members',
  params: id,
  query: pageQuery,
  answer: partitionsAnswer,
  errors: [],
} as const satisfies NodeOperation

const partitionParams = z.strictObject({ id: natural, partition: natural })

export const getPartition = {
  id: 'getPartition',
  method: 'get',
  path: '/v1/providers/{id}/partitions/{partition}',
  summary: 'A partition of a provider, without its members',
  params: partitionParams,
  query: nothing,
  answer: partitionAnswer,
  errors: ['PARTITION_NOT_FOUND'],
} as const satisfies NodeOperation

export const listMembers = {
  id: 'listMembers',
  method: 'get',
  path: '/v1/providers/{id}/partitions/{partition}/members',
  summary: 'The sectors of a partition in the order of their positions, all or those in one state',
  params: partitionParams,
  query: z.strictObject({ ...page, state: z.optional(memberState) }),
  answer: membersAnswer,
  errors: [],
} as const satisfies NodeOperation

export const listChallenges = {
  id: 'listChallenges',
  method: 'get',
  path: '/v1/providers/{id}/challenges',
  summary: 'The challenges that a provider has to answer now, by their partitions',
  params: id,
  query: pageQuery,
  answer: challengesAnswer,
  errors: [],
} as const satisfies NodeOperation

export const getChallenge = {
  id: 'getChallenge',
  method: 'get',
  path: '/v1/providers/{id}/partitions/{partition}/challenges/{kind}',
  summary: 'All that an answer to an open challenge takes: its randomness, and the sectors that it is over',
  params: z.strictObject({ id: natural, partition: natural, kind: challengeKind }),
  query: nothing,
  answer: challengeAnswer,
  errors: ['CHALLENGE_NOT_OPEN'],
} as const satisfies NodeOperation

export const listDeals = {
  id: 'listDeals',
  method: 'get',
  path: '/v1/deals',
  summary: 'Deals, by piece, by content, by client, by provider, or those of some ids; ids that are none are left out',
  params: nothing,
  query: z.strictObject({
    ...page,
    pieceCid: z.optional(cid),
    rootCid: z.optional(cid),
    client: z.optional(address),
    provider: z.optional(natural),
    ids: z.optional(idList),
  }),
  answer: dealsAnswer,
  errors: [],
} as const satisfies NodeOperation

export const getDeal = {
  id: 'getDeal',
  method: 'get',
  path: '/v1/deals/{id}',
  summary: 'A deal: its terms, its state, its money',
  params: id,
  query: nothing,
  answer: dealAnswer,
  errors: ['DEAL_NOT_FOUND'],
} as const satisfies NodeOperation

export const getSector = {
  id: 'getSector',
  method: 'get',
  path: '/v1/sectors/{provider}/{number}',
  summary: 'A sector, from its pre-commit on',
  params: z.strictObject({ provider: natural, number: natural }),
  query: nothing,
  answer: sectorAnswer,
  errors: ['SECTOR_NOT_FOUND'],
} as const satisfies NodeOperation

export const getRandomness = {
  id: 'getRandomness',
  method: 'get',
  path: '/v1/randomness',
  summary: 'What an epoch draws for a sector, or for a partition (POST, RECOVERY)',
  params: nothing,
  query: z.strictObject({
    tag: z.enum(['TICKET', 'SEED', 'POST', 'RECOVERY']),
    epoch: natural,
    provider: natural,
    sector: natural,
  }),
  answer: randomnessAnswer,
  errors: ['RANDOMNESS_NOT_READY'],
} as const satisfies NodeOperation

export const getBlock = {
  id: 'getBlock',
  method: 'get',
  path: '/v1/blocks/{height}',
  summary: 'The signed header of a block and what was in it',
  params: z.strictObject({ height: natural }),
  query: nothing,
  answer: blockAnswer,
  errors: ['BLOCK_NOT_FOUND'],
} as const satisfies NodeOperation

export const getProof = {
  id: 'getProof',
  method: 'get',
  path: '/v1/proofs/{key}',
  summary:
    'What the state holds at a key, or that it holds nothing, with the proof and the signed header that it opens',
  params: z.strictObject({
    key: z.string().check(
      z.regex(/^[!-~]{1,250}$/, 'expected a key of the state, such as account/0x…, with its slashes as %2F'),
      z.refine((key) => !isDerived(key), 'expected a record: pages of the tree and the app hash follow from those'),
    ),
  }),
  query: z.strictObject({ height: z.optional(natural) }),
  answer: proofAnswer,
  errors: ['STATE_NOT_FOUND'],
} as const satisfies NodeOperation

export const submitBody: z.ZodMiniType<{ tx: string }> = z.strictObject({ tx: z.base64() })

export const submitTx = {
  id: 'submitTx',
  method: 'post',
  path: '/v1/txs',
  summary: 'Sends a signed transaction; the same bytes again are the same transaction',
  params: nothing,
  query: z.strictObject({ wait: z.optional(z.literal('committed')) }),
  answer: txAnswer,
  bodies: {
    'application/octet-stream': z.string().register(z.globalRegistry, { contentEncoding: 'binary' }),
    'application/json': submitBody,
  },
  also: { 202: 'Taken, and not in a block yet' },
  errors: [
    'TX_MALFORMED',
    'CONTENT_ENCODING_UNSUPPORTED',
    'SIGNATURE_INVALID',
    'SEQUENCE_GAP',
    'INSUFFICIENT_FUNDS',
    'ALREADY_PENDING',
    'REPLACEMENT_TOO_LOW',
    'KEY_CHANGING',
    'LANE_CLASS_MIXED',
    'PROOF_ATTEMPTS_SPENT',
    'MEMPOOL_FULL',
    'BYTES_LIMITED',
    'ADDRESS_BUSY',
    'NODE_BUSY',
    'TX_WAIT_TIMEOUT',
  ],
} as const satisfies NodeOperation

export const getTx = {
  id: 'getTx',
  method: 'get',
  path: '/v1/txs/{id}',
  summary: 'What became of a transaction',
  params: z.strictObject({ id: hash }),
  query: nothing,
  answer: txAnswer,
  errors: ['TX_NOT_FOUND'],
} as const satisfies NodeOperation

const eventType = z
  .string()
  .check(z.regex(/^[a-z]+(:[a-z]+)?$/, 'expected event types such as deal:active, separated by commas'))

/** `height`: everything after that block; `height.index`: everything after that event. */
export const eventId: z.ZodMiniType<string> = z
  .string()
  .check(z.regex(/^[0-9]{1,15}(\.[0-9]{1,9})?$/, 'expected a height, or the id of an event'))

export const followEvents = {
  id: 'followEvents',
  method: 'get',
  path: '/v1/events',
  summary: 'What happens, as server-sent events; Last-Event-ID, or `since`, resumes without a gap',
  params: nothing,
  query: z.strictObject({
    types: z.pipe(
      z.pipe(
        z.optional(z.string().check(z.maxLength(500))),
        z.transform((text) => text?.split(',')),
      ),
      z.optional(z.array(eventType)),
    ),
    since: z.optional(eventId),
  }),
  answer: z.string(),
  type: 'text/event-stream',
  errors: ['STREAMS_FULL', 'ADDRESS_BUSY'],
} as const satisfies NodeOperation

export const askFaucet = {
  id: 'askFaucet',
  method: 'post',
  path: '/v1/faucet',
  summary: 'Money for an address, committed when it answers; devnets only',
  params: nothing,
  query: nothing,
  answer: txAnswer,
  body: z.strictObject({ address }),
  errors: ['FAUCET_LIMIT'],
} as const satisfies NodeOperation
