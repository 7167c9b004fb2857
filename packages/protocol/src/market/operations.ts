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
  summary: 'Whether this provider can keep what it has promised, and what its owner should know',
  params: nothing,
  answer: healthAnswer,
  also: { 503: 'It cannot, for the reasons that are named' },
  errors: [],
} as const satisfies Operation

export const getReadiness = {
  ...getHealth,
  id: 'getReadiness',
  path: '/readyz',
  summary: 'Whether this provider can take on more, and what its owner should know',
} as const satisfies Operation

export const getInfo = {
  id: 'getInfo',
  method: 'get',
  path: '/v1/info',
  summary: 'Who this provider is, what it asks, and where it stands',
  params: nothing,
  answer: infoAnswer,
  errors: [],
} as const satisfies Operation

export type ProviderInfo = Parsed<typeof getInfo>

export const requestQuote = {
  id: 'requestQuote',
  method: 'post',
  path: '/v1/quotes',
  summary: 'A price that the provider signs and stands by until it runs out',
  params: nothing,
  body: quoteBody,
  answer: quoteAnswer,
  errors: [
    'NO_ASK',
    'DEALS_NOT_TAKEN',
    'CLIENT_REFUSED',
    'PIECE_SIZE_INVALID',
    'DURATION_TOO_SHORT',
    'COLLATERAL_SHORT',
    'FEES_SHORT',
    'NO_SPACE',
    'QUOTA_EXCEEDED',
    'QUOTES_FULL',
  ],
} as const satisfies Operation

export const logIn = {
  id: 'logIn',
  method: 'post',
  path: '/v1/auth',
  summary: 'A bearer token for the uploads of an account, for its signature over a Login',
  params: nothing,
  body: loginBody,
  answer: loginAnswer,
  errors: ['CLOCKS_APART', 'LOGIN_REFUSED'],
} as const satisfies Operation

export const agreeDeal = {
  id: 'agreeDeal',
  method: 'post',
  path: '/v1/deals',
  summary:
    'An upload becomes an agreement: the provider has verified every byte, and signs the terms. Needs the token.',
  params: nothing,
  body: agreeBody,
  answer: agreeAnswer,
  errors: [
    'TOKEN_MISSING',
    'TOKEN_INVALID',
    'TOKEN_EXPIRED',
    'UPLOAD_NOT_FOUND',
    'UPLOAD_INCOMPLETE',
    'UPLOAD_BUSY',
    'CAR_INVALID',
    'PIECE_MISMATCH',
    'NONCE_CONFLICT',
    'CLIENT_REFUSED',
    'CONTENT_DENIED',
    'CONTENT_UNLAWFUL',
    'CLIENT_FUNDS_INSUFFICIENT',
    'COLLATERAL_SHORT',
    'FEES_SHORT',
    'OFFERS_FULL',
  ],
} as const satisfies Operation

export const renewDeal = {
  id: 'renewDeal',
  method: 'post',
  path: '/v1/renewals',
  summary: 'The provider signs more time for a running deal of the client, within its ask. Needs the token.',
  params: nothing,
  body: renewalBody,
  answer: renewalAnswer,
  errors: [
    'TOKEN_MISSING',
    'TOKEN_INVALID',
    'TOKEN_EXPIRED',
    'DEAL_NOT_FOUND',
    'CLIENT_REFUSED',
    'CONTENT_DENIED',
    'CONTENT_UNLAWFUL',
    'DEAL_CLIENT_WRONG',
    'DEAL_OVER',
    'DEAL_NOT_EXTENDABLE',
    'DEALS_NOT_TAKEN',
    'NO_ASK',
    'ASK_EXPIRED',
    'DURATION_TOO_LONG',
    'RENEWAL_PRICE_LOW',
    'COLLATERAL_SHORT',
  ],
} as const satisfies Operation

export const getDeal = {
  id: 'getDeal',
  method: 'get',
  path: '/v1/deals/{id}',
  summary: 'A deal by its agreement or its number: its state and its timeline',
  params: dealParams,
  answer: dealAnswer,
  errors: ['DEAL_NOT_FOUND'],
} as const satisfies Operation

export const followDeal = {
  id: 'followDeal',
  method: 'get',
  path: '/v1/deals/{id}/events',
  summary: 'The timeline of a deal as server-sent events; Last-Event-ID resumes without a gap',
  params: dealParams,
  answer: timelineEntry,
  type: 'text/event-stream',
  errors: ['DEAL_NOT_FOUND'],
} as const satisfies Operation
