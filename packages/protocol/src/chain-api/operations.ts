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
  params: nothing,
  query: z.unknown(),
  answer: healthAnswer,
} as const satisfies NodeOperation

export const getStatus = {
  id: 'getStatus',
  method: 'get',
  path: '/v1/status',
  params: nothing,
  query: nothing,
  answer: statusAnswer,
} as const satisfies NodeOperation

export const getParams = {
  id: 'getParams',
  method: 'get',
  path: '/v1/params',
  params: nothing,
  query: nothing,
  answer: paramsAnswer,
} as const satisfies NodeOperation

export const getSupply = {
  id: 'getSupply',
  method: 'get',
  path: '/v1/supply',
  params: nothing,
  query: nothing,
  answer: supplyAnswer,
} as const satisfies NodeOperation

export const getGenesis = {
  id: 'getGenesis',
  method: 'get',
  path: '/v1/genesis',
  params: nothing,
  query: nothing,
  answer: genesisAnswer,
} as const satisfies NodeOperation

export const getAccount = {
  id: 'getAccount',
  method: 'get',
  path: '/v1/accounts/{address}',
  params: z.strictObject({ address }),
  query: nothing,
  answer: accountAnswer,
} as const satisfies NodeOperation

export const listSessionKeys = {
  id: 'listSessionKeys',
  method: 'get',
  path: '/v1/accounts/{address}/keys',
  params: z.strictObject({ address }),
  query: z.strictObject(pageBehindKey),
  answer: sessionKeysAnswer,
} as const satisfies NodeOperation

export const getSessionKey = {
  id: 'getSessionKey',
  method: 'get',
  path: '/v1/accounts/{address}/keys/{publicKey}',
  params: z.strictObject({ address, publicKey: hash }),
  query: nothing,
  answer: sessionKeyAnswer,
} as const satisfies NodeOperation

export const listProviders = {
  id: 'listProviders',
  method: 'get',
  path: '/v1/providers',
  params: nothing,
  query: pageQuery,
  answer: providersAnswer,
} as const satisfies NodeOperation

export const getProvider = {
  id: 'getProvider',
  method: 'get',
  path: '/v1/providers/{id}',
  params: id,
  query: nothing,
  answer: providerAnswer,
} as const satisfies NodeOperation

export const listPartitions = {
  id: 'listPartitions',
  method: 'get',
  path: '/v1/providers/{id}/partitions',
  params: id,
  query: pageQuery,
  answer: partitionsAnswer,
} as const satisfies NodeOperation

const partitionParams = z.strictObject({ id: natural, partition: natural })

export const getPartition = {
  id: 'getPartition',
  method: 'get',
  path: '/v1/providers/{id}/partitions/{partition}',
  params: partitionParams,
  query: nothing,
  answer: partitionAnswer,
} as const satisfies NodeOperation

export const listMembers = {
  id: 'listMembers',
  method: 'get',
  path: '/v1/providers/{id}/partitions/{partition}/members',
  params: partitionParams,
  query: z.strictObject({ ...page, state: z.optional(memberState) }),
  answer: membersAnswer,
} as const satisfies NodeOperation

export const listChallenges = {
  id: 'listChallenges',
  method: 'get',
  path: '/v1/providers/{id}/challenges',
  params: id,
  query: pageQuery,
  answer: challengesAnswer,
} as const satisfies NodeOperation

export const getChallenge = {
  id: 'getChallenge',
  method: 'get',
  path: '/v1/providers/{id}/partitions/{partition}/challenges/{kind}',
  params: z.strictObject({ id: natural, partition: natural, kind: challengeKind }),
  query: nothing,
  answer: challengeAnswer,
} as const satisfies NodeOperation

export const listDeals = {
  id: 'listDeals',
  method: 'get',
  path: '/v1/deals',
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
} as const satisfies NodeOperation

export const getDeal = {
  id: 'getDeal',
  method: 'get',
  path: '/v1/deals/{id}',
  params: id,
  query: nothing,
  answer: dealAnswer,
} as const satisfies NodeOperation

export const getSector = {
  id: 'getSector',
  method: 'get',
  path: '/v1/sectors/{provider}/{number}',
  params: z.strictObject({ provider: natural, number: natural }),
  query: nothing,
  answer: sectorAnswer,
} as const satisfies NodeOperation

export const getRandomness = {
  id: 'getRandomness',
  method: 'get',
  path: '/v1/randomness',
  params: nothing,
  query: z.strictObject({
    tag: z.enum(['TICKET', 'SEED', 'POST', 'RECOVERY']),
    epoch: natural,
    provider: natural,
    sector: natural,
  }),
  answer: randomnessAnswer,
} as const satisfies NodeOperation

export const getBlock = {
  id: 'getBlock',
  method: 'get',
  path: '/v1/blocks/{height}',
  params: z.strictObject({ height: natural }),
  query: nothing,
  answer: blockAnswer,
} as const satisfies NodeOperation

export const getProof = {
  id: 'getProof',
  method: 'get',
  path: '/v1/proofs/{key}',
  params: z.strictObject({
    key: z.string().check(
      z.regex(/^[!-~]{1,250}$/, 'expected a key of the state, such as account/0x…, with its slashes as %2F'),
      z.refine((key) => !isDerived(key), 'expected a record: pages of the tree and the app hash follow from those'),
    ),
  }),
  query: z.strictObject({ height: z.optional(natural) }),
  answer: proofAnswer,
} as const satisfies NodeOperation

export const submitBody: z.ZodMiniType<{ tx: string }> = z.strictObject({ tx: z.base64() })

export const submitTx = {
  id: 'submitTx',
  method: 'post',
  path: '/v1/txs',
  params: nothing,
  query: z.strictObject({ wait: z.optional(z.literal('committed')) }),
  answer: txAnswer,
  bodies: {
    'application/octet-stream': z.string().register(z.globalRegistry, { contentEncoding: 'binary' }),
    'application/json': submitBody,
  },
} as const satisfies NodeOperation

export const getTx = {
  id: 'getTx',
  method: 'get',
  path: '/v1/txs/{id}',
  params: z.strictObject({ id: hash }),
  query: nothing,
  answer: txAnswer,
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
} as const satisfies NodeOperation

export const askFaucet = {
  id: 'askFaucet',
  method: 'post',
  path: '/v1/faucet',
  params: nothing,
  query: nothing,
  answer: txAnswer,
  body: z.strictObject({ address }),
} as const satisfies NodeOperation
