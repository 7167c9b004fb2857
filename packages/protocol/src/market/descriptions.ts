/** What the provider's OpenAPI document says of the operations: who asks them has no use for it, and a page does not load it. */
import type { Description } from '../operation/operation.ts'

/** By operation. */
export const marketDescriptions: Readonly<Record<string, Description>> = {
  getHealth: {
    summary: 'Whether this provider can keep what it has promised, and what its owner should know',
    also: { 503: 'It cannot, for the reasons that are named' },
    errors: [],
  },
  getReadiness: {
    summary: 'Whether this provider can take on more, and what its owner should know',
    also: { 503: 'It cannot, for the reasons that are named' },
    errors: [],
  },
  getInfo: {
    summary: 'Who this provider is, what it asks, and where it stands',
    errors: [],
  },
  requestQuote: {
    summary: 'A price that the provider signs and stands by until it runs out',
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
  },
  logIn: {
    summary: 'A bearer token for the uploads of an account, for its signature over a Login',
    errors: ['CLOCKS_APART', 'LOGIN_REFUSED'],
  },
  agreeDeal: {
    summary:
      'An upload becomes an agreement: the provider has verified every byte, and signs the terms. Needs the token.',
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
  },
  renewDeal: {
    summary: 'The provider signs more time for a running deal of the client, within its ask. Needs the token.',
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
  },
  getDeal: {
    summary: 'A deal by its agreement or its number: its state and its timeline',
    errors: ['DEAL_NOT_FOUND'],
  },
  followDeal: {
    summary: 'The timeline of a deal as server-sent events; Last-Event-ID resumes without a gap',
    errors: ['DEAL_NOT_FOUND'],
  },
}
