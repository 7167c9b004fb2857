/** `@granary/protocol/market`: what a client and a provider ask and answer, declared once for both. */

export { marketDescriptions } from './descriptions.ts'
export { type Stake, stakeForm, type UploadMetadata, uploadMetadata } from './forms.ts'
export {
  agreeDeal,
  followDeal,
  getDeal,
  getHealth,
  getInfo,
  getReadiness,
  logIn,
  type ProviderInfo,
  renewDeal,
  requestQuote,
  UPLOADS_PATH,
} from './operations.ts'
