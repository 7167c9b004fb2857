/** All that a client asks of a provider: docs/spec/market-protocol.md. Uploads are tus 1.0, at {@link UPLOADS_PATH}. */
import * as z from 'zod/mini'
import { timelineEntry } from '../events/deal-timeline.ts'
import type { Operation, Parsed } from '../operation/operation.ts'
import {
  agreeAnswer,
  agreeBody,
  dealAnswer,
  dealParams,
  healthAnswer,
  infoAnswer,
  loginAnswer,
  loginBody,
  quoteAnswer,
  quoteBody,
  renewalAnswer,
  renewalBody,
} from './forms.ts'

/** What is uploaded is a piece, with its `uploadMetadata`. */
export const UPLOADS_PATH = '/v1/uploads'

const nothing = z.object({})

export const getHealth = {
  id: 'getHealth',
  method: 'get',
  path: '/healthz',
  params: nothing,
  answer: healthAnswer,
} as const satisfies Operation

export const getReadiness = {
  ...getHealth,
  id: 'getReadiness',
  path: '/readyz',
} as const satisfies Operation

export const getInfo = {
  id: 'getInfo',
  method: 'get',
  path: '/v1/info',
  params: nothing,
  answer: infoAnswer,
} as const satisfies Operation

export type ProviderInfo = Parsed<typeof getInfo>

export const requestQuote = {
  id: 'requestQuote',
  method: 'post',
  path: '/v1/quotes',
  params: nothing,
  body: quoteBody,
  answer: quoteAnswer,
} as const satisfies Operation

export const logIn = {
  id: 'logIn',
  method: 'post',
  path: '/v1/auth',
  params: nothing,
  body: loginBody,
  answer: loginAnswer,
} as const satisfies Operation

export const agreeDeal = {
  id: 'agreeDeal',
  method: 'post',
  path: '/v1/deals',
  params: nothing,
  body: agreeBody,
  answer: agreeAnswer,
} as const satisfies Operation

export const renewDeal = {
  id: 'renewDeal',
  method: 'post',
  path: '/v1/renewals',
  params: nothing,
  body: renewalBody,
  answer: renewalAnswer,
} as const satisfies Operation

export const getDeal = {
  id: 'getDeal',
  method: 'get',
  path: '/v1/deals/{id}',
  params: dealParams,
  answer: dealAnswer,
} as const satisfies Operation

export const followDeal = {
  id: 'followDeal',
  method: 'get',
  path: '/v1/deals/{id}/events',
  params: dealParams,
  answer: timelineEntry,
  type: 'text/event-stream',
} as const satisfies Operation
